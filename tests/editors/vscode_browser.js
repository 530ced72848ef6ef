// The browser in which VS Code is looked at.

/** A browser and a page in it, as the task says; nothing of it reaches the network by itself. */
async function open(task) {
  const browser = await require(task.playwright).chromium.launch({
    executablePath: task.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({
    viewport: { width: 1200, height: 720 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  return { browser, page };
}

module.exports = { open };

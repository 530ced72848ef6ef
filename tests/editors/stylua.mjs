// StyLua, as the package @johnnymorganz/stylua has it (WebAssembly), at work on files.
// node stylua.mjs '{"package": FOLDER, "config": {...}, "files": [...], "write": false}'
// prints the names of the files that were not as StyLua writes them.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const task = JSON.parse(process.argv[2]);
const stylua = createRequire(import.meta.url)(task.package);

// A new one each time: formatCode takes it away.
function settings() {
  const config = stylua.Config.new();
  config.syntax = stylua.LuaVersion[task.config.syntax];
  config.column_width = task.config.column_width;
  config.indent_type = stylua.IndentType[task.config.indent_type];
  config.indent_width = task.config.indent_width;
  config.quote_style = stylua.QuoteStyle[task.config.quote_style];
  return config;
}

const checked = stylua.OutputVerification.Full;
for (const file of task.files) {
  const written = readFileSync(file, 'utf8');
  const formatted = stylua.formatCode(written, settings(), undefined, checked);
  if (formatted !== written) {
    console.log(file);
    if (task.write) writeFileSync(file, formatted);
  }
}

// The one function of the Python extension's API that is used. The environment lies beside the
// first folder of the workspace.

const { dirname, join } = require('node:path');
const { workspace } = require('vscode');

exports.activate = () => ({
  environments: {
    getActiveEnvironmentPath: () => ({
      path: join(dirname(workspace.workspaceFolders[0].uri.fsPath), 'environment', 'bin', 'python'),
    }),
  },
});

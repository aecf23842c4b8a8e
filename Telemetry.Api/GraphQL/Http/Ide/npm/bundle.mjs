// Puts the two pages into a folder: node bundle.mjs OUTPUT. Texts are gzipped once, here; the licences of what is in a page lie beside it as they are.
import { build } from 'esbuild';
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const output = process.argv[2];
const modules = 'node_modules';
rmSync(output, { recursive: true, force: true });

// Banana Cake Pop is static: all of it, with its licence, but what only programs import, and the service worker: that one would answer for GraphiQL's page too,
// which lies below, and go on showing the page of a server that has switched it off.
const cake = join(modules, '@chillicream', 'bananacakepop-graphql-ide');
cpSync(cake, join(output, 'bananacakepop'), {
  recursive: true,
  filter: path => !/\.(cjs|mjs|d\.cts|d\.mts)$/.test(path) && !['package.json', 'robots.txt', 'service-worker.js'].includes(basename(path)),
});

// GraphiQL is bundled.
const graphiql = join(output, 'graphiql');
const options = {
  bundle: true, minify: true, metafile: true, outdir: graphiql, entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', assetNames: '[name]-[hash]',
  target: 'es2022', legalComments: 'none', define: { 'process.env.NODE_ENV': '"production"' }, logLevel: 'warning', 
  loader: { '.ttf': 'file', '.woff2': 'file' },
};
const workers = await build({
  ...options,
  format: 'iife',
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});
const outputOf = (result, name, extension) =>
  basename(Object.keys(result.metafile.outputs).find(path => basename(path).startsWith(`${name}-`) && path.endsWith(extension)));
const page = await build({
  ...options,
  format: 'esm', splitting: true, jsx: 'automatic', entryPoints: { graphiql: 'graphiql.jsx' },
  define: {
    ...options.define,
    WORKER_EDITOR: JSON.stringify(outputOf(workers, 'editor.worker', '.js')),
    WORKER_JSON: JSON.stringify(outputOf(workers, 'json.worker', '.js')),
    WORKER_GRAPHQL: JSON.stringify(outputOf(workers, 'graphql.worker', '.js')),
  },
});
writeFileSync(join(graphiql, 'index.html'), readFileSync('graphiql.html', 'utf8')
  .replace('{{css}}', outputOf(page, 'graphiql', '.css')).replace('{{js}}', outputOf(page, 'graphiql', '.js')));
cpSync('favicon.svg', join(graphiql, 'favicon.svg'));

// Every package that went into the bundle, with its licence.
const packages = new Map();
for (const input of [...Object.keys(workers.metafile.inputs), ...Object.keys(page.metafile.inputs)]) {
  const parts = input.split(/[\\/]/);
  const at = parts.lastIndexOf(modules);
  if (at < 0)
    continue;
  const name = parts[at + 1].startsWith('@') ? parts.slice(at + 1, at + 3) : [parts[at + 1]];
  packages.set(name.join('/'), join(...parts.slice(0, at + 1), ...name));
}
const notices = [...packages].sort(([a], [b]) => a < b ? -1 : 1).map(([name, folder]) => {
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder).filter(f => /^(licen[sc]e|notice|thirdpartynotices)/i.test(f)).sort()
    .map(f => readFileSync(join(folder, f), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
});
writeFileSync(join(graphiql, 'LICENSES.txt'), `What GraphiQL's page here is made of, and under which licences.\n\n${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);

for (const entry of readdirSync(output, { recursive: true })) {
  const path = join(output, entry);
  if (!statSync(path).isFile() || !['.js', '.css', '.ttf'].includes(extname(path)))
    continue;
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  rmSync(path);
}

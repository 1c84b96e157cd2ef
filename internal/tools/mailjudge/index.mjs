// Lists the pictures of pages in a folder, in its README.md: index.mjs FOLDER.
import fs from 'node:fs';
import path from 'node:path';

const dir = process.argv[2];
const rows = new Map();
for (const file of fs.readdirSync(dir).filter((f) => f.endsWith('.webp')).sort()) {
  const [, name, lang, width, dark] = file.match(/^(.+)-(zh|en)-(\d+)(-dark)?\.webp$/);
  if (!rows.has(name)) rows.set(name, new Map());
  rows.get(name).set(`${lang} ${width}${dark ? ' dark' : ''}`, file);
}
const widths = ['zh 360', 'zh 768', 'zh 1280'];
const cell = (row, key) => (row.has(key) ? `[${key.split(' ').slice(1).join(' ')}](${row.get(key)})` : '');
const lines = ['# Pictures of the pages', '',
  'Made by `make screenshots`: the configuration as shipped with its sample sources, and a made-up paper (江城测试报) for pages that take a token or an',
  'answer to see. They show the top of each page, 360, 768 and 1280 pixels wide, in Chinese; the last column has English and dark ones.', '',
  '| page | narrow | middle | wide | besides |', '|---|---|---|---|---|'];
for (const [name, row] of rows) {
  const rest = [...row.keys()].filter((k) => !widths.includes(k)).map((k) => `[${k}](${row.get(k)})`).join(' · ');
  lines.push(`| ${name} | ${widths.map((w) => cell(row, w)).join(' | ')} | ${rest} |`);
}
fs.writeFileSync(path.join(dir, 'README.md'), `${lines.join('\n')}\n`);

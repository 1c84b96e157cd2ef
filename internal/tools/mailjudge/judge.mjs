// Judges mails: judge.mjs FILE.eml... prints a table and every fault, and exits
// with 1 when there is one.
//
// A fault is: HTML that html-validate refuses, what axe-core finds in Chromium
// in light or dark, anything loaded from anywhere, a page wider than its window,
// a form longer than Gmail shows, a feature that one of 21 mail programs lacks
// (data of caniemail) unless `degrades` tells what happens without it, and more
// than one point of SpamAssassin's local rules.
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import axe from 'axe-core';
import { caniemail } from 'caniemail';
import { HtmlValidate } from 'html-validate';
import { simpleParser } from 'mailparser';
import puppeteer from 'puppeteer-core';

const programs = [
  'gmail.desktop-webmail', 'gmail.mobile-webmail', 'gmail.ios', 'gmail.android',
  'outlook.windows', 'outlook.windows-mail', 'outlook.macos', 'outlook.ios', 'outlook.android', 'outlook.outlook-com',
  'apple-mail.macos', 'apple-mail.ios', 'yahoo.desktop-webmail', 'yahoo.ios', 'yahoo.android',
  'protonmail.desktop-webmail', 'protonmail.ios', 'protonmail.android',
  'fastmail.desktop-webmail', 'samsung-email.android', 'thunderbird.macos',
];

// What readers see where a feature is missing. Nothing here loses a word.
const degrades = {
  'color-scheme CSS property': 'the program colours the dark mode as it likes',
  'color-scheme meta tag': 'the same',
  '@media': 'light colours, which all stand at the elements',
  '<style> element': 'the same',
  '<body> element': 'its colours stand at the element inside it too',
  'Local anchors': 'the contents tell the counts and lead nowhere',
  'display:none': 'the words beside the subject stand on top of the mail too',
  'max-height property': 'the same',
  'overflow': 'the same',
  'display': 'what stands side by side stands one below the other',
  'table-layout': 'columns as wide as their words',
  'white-space': 'a number may be divided from its unit',
  'word-break': 'a word of 60 letters may make the mail wider',
  'height property': 'bars are all as high as a line; their numbers stand below them',
  'aria-hidden attribute': 'the bars are read out as nothing',
  'role attribute': 'the tables of the layout are read out as tables',
  'text-decoration': 'titles are underlined',
  'vertical-align': 'the chart stands a little higher',
  'max-width': 'lines as wide as the window',
};

const MAX_ENCODED = 90_000;
const MAX_POINTS = 1;

const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:a11y'],
  rules: { // styles at the elements, and attributes for programs that know no style
    'no-inline-style': 'off', 'no-deprecated-attr': 'off', 'no-style-tag': 'off', 'long-title': 'off', 'tel-non-breaking': 'off',
    'doctype-style': 'off', 'no-trailing-whitespace': 'off',
  },
});

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND', '--disable-background-networking', '--no-first-run'],
});
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// The octets that a part takes in the message.
function encodedLength(raw, type) {
  const boundary = /boundary="?([^";\s]+)/i.exec(raw)?.[1];
  if (!boundary) return raw.length;
  const part = raw.split(`--${boundary}`).find((p) => new RegExp(`^\\s*content-type:\\s*${type}`, 'im').test(p.split(/\r?\n\r?\n/)[0] ?? ''));
  return part ? part.length : 0;
}

function structure(raw, mail, fault) {
  const head = raw.split(/\r\n\r\n/)[0];
  for (const name of ['date', 'from', 'to', 'subject', 'message-id', 'mime-version', 'list-id', 'list-unsubscribe']) {
    if (!mail.headers.has(name) && !new RegExp(`^${name}:`, 'im').test(head)) fault('structure', `there is no ${name}`);
  }
  if (!/^content-type: multipart\/alternative/im.test(head)) fault('structure', 'it is not multipart/alternative');
  if (!(raw.search(/content-type: text\/plain/i) < raw.search(/content-type: text\/html/i))) fault('structure', 'the text does not come before the HTML');
  if (/[^\x00-\x7f]/.test(raw)) fault('structure', 'there are octets beyond ASCII');
  if (/(^|[^\r])\n/.test(raw)) fault('structure', 'a line ends with LF alone');
  if (raw.split('\r\n').some((l) => l.length > 998)) fault('structure', 'a line is longer than 998 octets');
  if (raw.includes('0-the-token-of') || raw.includes('0-number-0')) fault('structure', 'a mark was not replaced');
}

function support(html, fault) {
  const lacking = new Map();
  let judged = 0;
  for (const program of programs) {
    let issues, known = html;
    while (!issues) {
      try {
        issues = caniemail({ clients: [program], html: known }).issues;
      } catch (e) { // the data know nothing of a property there: judge the rest
        const property = /Feature "([a-z-]+)" not found/.exec(e.message)?.[1];
        const rest = property ? known.replace(new RegExp(`${property}\\s*:[^;"}]*;?`, 'g'), '') : known;
        if (rest === known) break;
        known = rest;
      }
    }
    if (!issues) {
      fault('clients', `no verdict for ${program}`);
      continue;
    }
    judged++;
    for (const [, list] of issues.errors) for (const i of list) lacking.set(i.title, (lacking.get(i.title) ?? new Set()).add(program));
  }
  for (const [title, where] of lacking) {
    if (!degrades[title]) fault('clients', `${title} is missing in ${[...where].join(', ')}`);
  }
  return { judged, lacking: lacking.size };
}

async function look(html, fault) {
  const page = await browser.newPage();
  let loads = 0;
  await page.setRequestInterception(true);
  page.on('request', (r) => { if (r.isNavigationRequest()) r.continue(); else { loads++; r.abort(); } });
  page.on('dialog', (d) => { fault('active', 'a script ran'); d.dismiss(); });
  for (const [width, scheme] of [[700, 'light'], [700, 'dark'], [360, 'light'], [360, 'dark'], [350, 'light'], [320, 'light']]) { // 350 is 700 at 200 %
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.setContent(html, { waitUntil: 'domcontentloaded' });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) fault('layout', `at ${width} px it is ${over} px too wide`);
    if (width !== 700 && width !== 360) continue;
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    for (const v of violations) fault('axe', `${width} px, ${scheme}: ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 120)}`);
  }
  if (loads > 0) fault('privacy', `${loads} loads`);
  await page.close();
}

function spam(file, fault) {
  const run = spawnSync('spamassassin', ['--local', '--test-mode'], { input: fs.readFileSync(file), encoding: 'utf8', maxBuffer: 1 << 26 });
  const points = /Content analysis details:\s+\((-?[\d.]+) points/.exec(run.stdout ?? '')?.[1];
  if (points === undefined) fault('spam', `SpamAssassin did not answer: ${run.error ?? run.stderr}`);
  else if (Number(points) > MAX_POINTS) fault('spam', `${points} points:\n${run.stdout.slice(run.stdout.indexOf('Content analysis'))}`);
  return points;
}

const rows = [['edition', 'message', 'HTML', 'text', 'html-validate', 'axe', 'programs', 'lack', 'spam', 'faults']];
const faults = [];
for (const file of process.argv.slice(2)) {
  const name = path.basename(file, '.eml');
  const found = [];
  const fault = (area, what) => found.push({ area, what });
  const raw = fs.readFileSync(file, 'latin1');
  const mail = await simpleParser(fs.readFileSync(file), { skipImageLinks: true });
  structure(raw, mail, fault);
  const size = encodedLength(raw, 'text/html');
  if (!mail.html) fault('structure', 'there is no HTML');
  if (!mail.text?.includes('/unsubscribe/') || !mail.html?.includes('/unsubscribe/')) fault('structure', 'a form has no way out');
  if (size > MAX_ENCODED + 200) fault('size', `the HTML takes ${size} octets`); // its own header fields beside it
  const report = await validator.validateString(mail.html ?? '', `${name}.html`);
  for (const r of report.results) for (const m of r.messages) fault('html', `${m.line}:${m.column} ${m.ruleId}: ${m.message}`);
  const { judged, lacking } = support(mail.html ?? '', fault);
  await look(mail.html ?? '', fault);
  const points = spam(file, fault);
  const count = (...areas) => found.filter((f) => areas.includes(f.area)).length;
  rows.push([name, raw.length, size, mail.text?.length ?? 0, count('html'), count('axe', 'layout'), judged, lacking, points, found.length]);
  faults.push(...found.map((f) => `${name}: ${f.area}: ${f.what}`));
}
await browser.close();

const widths = rows[0].map((_, i) => Math.max(...rows.map((r) => String(r[i]).length)));
for (const r of rows) console.log(r.map((c, i) => (i === 0 ? String(c).padEnd(widths[i]) : String(c).padStart(widths[i]))).join('  '));
for (const f of faults) console.log(f);
if (rows.length < 2) { console.error('judge: name the messages to judge'); process.exit(2); }
process.exit(faults.length ? 1 : 0);

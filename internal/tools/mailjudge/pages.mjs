// Judges pages, or takes pictures of them: pages.mjs BASE TOKEN visits those of
// the configuration as shipped, pages.mjs FILE those that FILE lists, as
// internal/app's TestStand writes it: an address to open, and at times fields to
// fill in and a button to press. Each is seen in both languages, light and dark,
// narrow and wide. It exits with 1 when axe-core finds a fault, a page is wider
// than its window, anything is loaded from another host, or a page is not there.
// With PICTURES, a folder, it takes pictures into it instead of asking axe-core.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const shipped = process.argv.length > 3;
const list = shipped ? { base: process.argv[2], token: process.argv[3], pages: [] } : JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const { base, token, pages } = list;
const host = new URL(base).host;
const pictures = process.env.PICTURES;
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--hide-scrollbars'],
});
const page = await browser.newPage();
await page.setCacheEnabled(false);
await page.setBypassCSP(true); // for axe-core alone
const faults = [];
page.on('request', (r) => {
  if (new URL(r.url()).host !== host && !r.url().startsWith('data:')) faults.push(`${page.url()} loads ${r.url()}`);
});

// How each page is seen, by language.
const views = {
  'zh-Hans': [['light', 1280], ['dark', 768], ['light', 360]],
  en: [['dark', 1280], ['light', 768], ['dark', 360], ['light', 320]],
};
const pictured = { 'zh-Hans': [['light', 360], ['light', 768], ['light', 1280]], en: [] };
// Answers to forms, and the states of a page beside its first, take one picture.
const state = (p) => p.click || /-(before|unknown|expired|forged|gone|fixed|less|left|back|all|none|unproved|proved|accepted|declined|retold|settled|sent)$/.test(p.name);
// These are pictured in English, or dark, too.
const also = {
  front: { en: [['light', 1280]], 'zh-Hans': [['dark', 1280]] },
  subscribe: { en: [['light', 768]], 'zh-Hans': [['dark', 360]] },
  article: { en: [['light', 360], ['dark', 768]] },
  preferences: { en: [['light', 1280]] },
  'admin-sources': { en: [['light', 1280], ['dark', 1280]] },
  'admin-themes-tried': { en: [['dark', 768]] },
  'admin-inbox-publisher': { en: [['light', 1280]] },
};

// go opens a page in a language and does there what the list says.
const go = async (p, lang) => {
  let answer = await page.goto(`${base}${p.path}${p.path.includes('?') ? '&' : '?'}lang=${lang}`);
  for (const [field, text] of Object.entries(p.fill ?? {})) {
    await page.$eval(field, (e, value) => { e.value = value; }, text);
  }
  if (p.click) {
    await page.$eval(p.click, (e) => { for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; });
    [answer] = await Promise.all([page.waitForNavigation(), page.click(p.click)]);
  }
  return answer.status();
};

let visits = 0;
const look = async (p, lang, scheme, width) => {
  const where = `${p.name} ${p.path} (${lang}, ${scheme}, ${width} px)`;
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
  visits++;
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) faults.push(`${where}: ${over} px too wide`);
  if (pictures) {
    const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), { 360: 1000, 768: 900, 1280: 820 }[width]);
    const file = path.join(pictures, `${p.name}-${lang.slice(0, 2)}-${width}${scheme === 'dark' ? '-dark' : ''}.webp`);
    await page.screenshot({ path: file, type: 'webp', quality: 16, clip: { x: 0, y: 0, width, height } });
    return;
  }
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  for (const v of violations) faults.push(`${where}: ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 160)}`);
};

const visit = async (p) => {
  for (const lang of p.lang ? [p.lang] : Object.keys(views)) {
    const seen = pictures ? [...pictured[lang].filter(([, width]) => width === 768 || !state(p)), ...(also[p.name]?.[lang] ?? [])] : views[lang];
    if (seen.length === 0) continue;
    const status = await go(p, lang);
    if (status !== p.status) faults.push(`${p.name} ${p.path} (${lang}): ${status}, not ${p.status}`);
    for (const [scheme, width] of seen) await look(p, lang, scheme, width);
  }
};

const hrefs = (at, pattern) => page.goto(base + at).then(() => page.evaluate(
  (p) => [...document.querySelectorAll('main a[href]')].map((a) => a.getAttribute('href')).filter((h) => new RegExp(p).test(h)), pattern));
const add = (name, at, status = 200) => pages.push({ name, path: at, status });
if (shipped) {
  for (const [name, at] of Object.entries({
    front: '/', theme: '/themes/finance', search: '/search', 'search-found': '/search?q=%E6%B8%AF', feeds: '/feeds', digests: '/digests', digest: '/digests/weekly',
    subscribe: '/subscribe', contribute: '/contribute', contact: '/contact', 'publisher-apply': '/publishers/apply',
  })) add(name, at);
  add('search-fault', '/search?q=title%3A', 400);
  for (const h of (await hrefs('/themes/finance', '^(https?://[^/]*)?/articles/')).slice(0, 1)) add('article', new URL(h, base).pathname);
}
for (const p of pages.filter((p) => !p.name.startsWith('admin') || p.name === 'admin-sign-in')) await visit(p);

await page.goto(`${base}/admin/sign-in?token=${token}`);
await Promise.all([page.waitForNavigation(), page.click('main button')]);
if (shipped) {
  pages.length = 0;
  for (const at of [
    '', '/sources', '/sources/portal', '/articles', '/themes', '/digests', '/digests/weekly', '/digests/weekly/1', '/subscribers', '/subscribers/1', '/inbox', '/config', '/log',
    '/sources/portal/test', '/digests/weekly/plan', '/queue', '/metrics', '/backup', '/log/program',
  ]) add(`admin${at.replaceAll('/', '-')}`, `/admin${at}`);
  for (const h of (await hrefs('/admin/articles', '/admin/articles/[0-9a-f]+')).slice(0, 1)) add('admin-article', new URL(h, base).pathname);
}
for (const p of pages.filter((p) => p.name.startsWith('admin') && p.name !== 'admin-sign-in')) await visit(p);
await browser.close();
console.log(`${shipped ? 'as shipped' : 'with tokens'}: ${visits} visits, ${faults.length} faults`);
for (const f of faults) console.log(f);
process.exit(faults.length > 0 ? 1 : 0);

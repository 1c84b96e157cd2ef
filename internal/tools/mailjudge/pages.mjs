// Judges pages: pages.mjs ADDRESS TOKEN visits those of a running Broadsheet,
// the operator's too, in both languages, light and dark, narrow and wide, and
// exits with 1 when axe-core finds a fault, a page is wider than its window,
// anything is loaded from another host, or a page is not there.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const [base, token] = process.argv.slice(2);
const host = new URL(base).host;
const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});
const page = await browser.newPage();
await page.setCacheEnabled(false);
await page.setBypassCSP(true); // for axe-core alone
const faults = [];
page.on('request', (r) => {
  if (new URL(r.url()).host !== host && !r.url().startsWith('data:')) faults.push(`${page.url()} loads ${r.url()}`);
});
await page.goto(`${base}/admin/sign-in?token=${token}`);
await Promise.all([page.waitForNavigation(), page.click('main button')]);

const hrefs = (path, pattern) => page.goto(base + path).then(() => page.evaluate(
  (p) => [...document.querySelectorAll('main a[href]')].map((a) => a.getAttribute('href')).filter((h) => new RegExp(p).test(h)), pattern));
const paths = [
  '/', '/themes/finance', '/search', '/search?q=%E6%B8%AF', '/search?q=title%3A', '/feeds', '/digests', '/digests/weekly',
  '/subscribe', '/contribute', '/contact', '/publishers/apply',
  '/admin', '/admin/sources', '/admin/sources/portal', '/admin/articles', '/admin/themes', '/admin/digests', '/admin/digests/weekly',
  '/admin/sources/portal/test', '/admin/digests/weekly/plan', '/admin/queue', '/admin/metrics', '/admin/backup', '/admin/log/program',
  '/admin/digests/weekly/1', '/admin/subscribers', '/admin/subscribers/1', '/admin/inbox', '/admin/config', '/admin/log',
  ...(await hrefs('/themes/finance', '^(https?://[^/]*)?/articles/')).slice(0, 1).map((h) => new URL(h, base).pathname),
  ...(await hrefs('/admin/articles', '/admin/articles/[0-9a-f]+')).slice(0, 1).map((h) => new URL(h, base).pathname),
];
let visits = 0;
for (const path of paths) {
  for (const [lang, scheme, width] of [
    ['zh-Hans', 'light', 1280], ['zh-Hans', 'dark', 768], ['zh-Hans', 'light', 360],
    ['en', 'dark', 1280], ['en', 'light', 768], ['en', 'dark', 360], ['en', 'light', 320],
  ]) {
    const where = `${path} (${lang}, ${scheme}, ${width} px)`;
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    const answer = await page.goto(`${base}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
    const wanted = path.endsWith('title%3A') ? 400 : 200;
    if (answer.status() !== wanted) faults.push(`${where}: ${answer.status()}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) faults.push(`${where}: ${over} px too wide`);
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    for (const v of violations) faults.push(`${where}: ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 120)}`);
    visits++;
  }
}
await browser.close();
console.log(`${paths.length} pages, ${visits} visits, ${faults.length} faults`);
for (const f of faults) console.log(f);
process.exit(faults.length > 0 ? 1 : 0);

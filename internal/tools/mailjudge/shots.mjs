// Takes pictures of digests: shots.mjs OUT NAME=FILE:WIDTH:SCHEME[:noimages[:CLIP]]...
// FILE is HTML; CLIP is how many CSS pixels from the top are shown, else the
// whole page. Nothing is loaded from anywhere.
import fs from 'node:fs';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const [out, ...wanted] = process.argv.slice(2);
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND', '--no-first-run'],
});
for (const w of wanted) {
  const [name, rest] = w.split('=');
  const [file, width, scheme, images, clip] = rest.split(':');
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(false);
  await page.setRequestInterception(true);
  page.on('request', (r) => {
    const drop = images === 'noimages' ? r.resourceType() !== 'document' : !r.url().startsWith('data:');
    if (drop && !r.isNavigationRequest()) r.abort(); else r.continue();
  });
  await page.setViewport({ width: Number(width), height: 900, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await page.setContent(fs.readFileSync(file, 'utf8'), { waitUntil: 'load' });
  const opts = { path: path.join(out, `${name}.png`), fullPage: true };
  if (clip) Object.assign(opts, { fullPage: false, clip: { x: 0, y: 0, width: Number(width), height: Number(clip) } });
  await page.screenshot(opts);
  await page.close();
}
await browser.close();

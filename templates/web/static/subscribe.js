// Does the work that tells a person's form from a program's: it looks for a
// proof such that the SHA-256 of ticket:proof begins with so many zero bits.
// Without it the form works too, only not in its first seconds.
"use strict";
const form = document.querySelector("form[data-ticket]");
if (form) {
  const K = new Int32Array(64), start = new Int32Array(8), w = new Int32Array(64);
  for (let n = 2, i = 0; i < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (i < 8) start[i] = (Math.sqrt(n) % 1) * 4294967296;
    K[i++] = (Math.cbrt(n) % 1) * 4294967296;
  }

  // compress puts what the block in w makes of the state h into out.
  const compress = (h, out) => {
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
        (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10));
    }
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
    for (let i = 0; i < 64; i++) {
      const t = (k + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const u = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      k = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
    }
    out[0] = h[0] + a; out[1] = h[1] + b; out[2] = h[2] + c; out[3] = h[3] + d;
    out[4] = h[4] + e; out[5] = h[5] + f; out[6] = h[6] + g; out[7] = h[7] + k;
  };
  // fill puts a text of one octet a letter into w.
  const fill = (text) => {
    w.fill(0, 0, 16);
    for (let i = 0; i < text.length; i++) w[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  };

  // The proof begins with zeros that fill the first block, which then is the
  // same for all and need be looked at once.
  const head = form.dataset.ticket + ":", zeros = "0".repeat(64 - head.length);
  const middle = new Int32Array(8), end = new Int32Array(8), bits = Number(form.dataset.work);
  fill(head + zeros);
  compress(start, middle);
  const good = (n) => {
    const digits = String(n);
    fill(digits + "\u0080");
    w[15] = 8 * (64 + digits.length);
    compress(middle, end);
    return Math.clz32(end[0]) >= bits;
  };

  let n = 0, found = false, waiting = null;
  const work = () => {
    if (found) return;
    for (const until = performance.now() + 30; performance.now() < until;) {
      for (let i = 0; i < 500; i++, n++) {
        if (!good(n)) continue;
        form.elements.proof.value = zeros + n;
        found = true;
        if (waiting) form.requestSubmit(waiting.button);
        return;
      }
    }
    setTimeout(work);
  };
  form.addEventListener("focusin", work, { once: true });
  form.addEventListener("submit", (event) => {
    if (found || (event.submitter && event.submitter.name === "do")) return;
    event.preventDefault(); // goes out by itself when the work is done
    if (!waiting) setTimeout(work);
    waiting = { button: event.submitter };
  });
}

// Does the work that tells a person's form from a program's: it looks for a
// proof such that the SHA-256 of ticket:proof begins with so many zero bits.
// Without it the form works too, only not in its first seconds.
"use strict";
const form = document.querySelector("form[data-ticket]");
if (form) {
  const K = new Uint32Array(64), H = new Uint32Array(8);
  for (let n = 2, i = 0; i < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (i < 8) H[i] = (Math.sqrt(n) % 1) * 4294967296;
    K[i++] = (Math.cbrt(n) % 1) * 4294967296;
  }
  const w = new Uint32Array(64);
  const rotate = (x, n) => (x >>> n) | (x << (32 - n));

  // first returns the first 32 bits of the SHA-256 of up to 119 octets.
  const first = (bytes) => {
    const blocks = bytes.length < 56 ? 1 : 2;
    const padded = new Uint8Array(64 * blocks);
    padded.set(bytes);
    padded[bytes.length] = 128;
    new DataView(padded.buffer).setUint32(padded.length - 4, bytes.length * 8);
    const view = new DataView(padded.buffer), h = Uint32Array.from(H);
    for (let block = 0; block < blocks; block++) {
      for (let i = 0; i < 16; i++) w[i] = view.getUint32(64 * block + 4 * i);
      for (let i = 16; i < 64; i++) {
        const a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3)) + (rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10));
      }
      let [a, b, c, d, e, f, g, k] = h;
      for (let i = 0; i < 64; i++) {
        const t = (k + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const u = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        k = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
      }
      [a, b, c, d, e, f, g, k].forEach((x, i) => { h[i] += x; });
    }
    return h[0];
  };

  const bits = Number(form.dataset.work), text = new TextEncoder();
  let proof = 0, found = false, waiting = null;
  const work = () => {
    if (found) return;
    const until = performance.now() + 30;
    while (performance.now() < until) {
      for (let i = 0; i < 200; i++, proof++) {
        if (Math.clz32(first(text.encode(form.dataset.ticket + ":" + proof))) < bits) continue;
        form.elements.proof.value = String(proof);
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

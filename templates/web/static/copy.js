// Adds a button to each address that copies it. Without it, addresses can be
// selected and copied by hand.
for (const field of document.querySelectorAll("input[data-copy]")) {
  field.addEventListener("focus", () => field.select());
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = field.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.textContent = field.dataset.copied;
  });
  field.after(button);
}

// What makes the console handier where scripts run; nothing needs it.
document.addEventListener("dragover", (event) => {
  const drop = event.target.closest?.(".drop");
  if (drop) { event.preventDefault(); drop.classList.add("over"); }
});
document.addEventListener("dragleave", (event) => {
  event.target.closest?.(".drop")?.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  const drop = event.target.closest?.(".drop");
  const input = drop?.querySelector("input[type=file]");
  if (!input || !event.dataTransfer.files.length) return;
  event.preventDefault();
  drop.classList.remove("over");
  input.files = event.dataTransfer.files;
  input.form.requestSubmit();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file][data-send]") && event.target.files.length) event.target.form.requestSubmit();
});

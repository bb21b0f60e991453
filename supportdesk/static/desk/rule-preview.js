// Shows the sentence of the chosen rule only; without this script all of them stand there.
for (const preview of document.querySelectorAll("[data-rule-preview]")) {
  const choice = document.getElementById(preview.dataset.rulePreview);
  const show = () => {
    for (const text of preview.children) text.hidden = text.dataset.rule !== choice.value;
  };
  preview.setAttribute("aria-live", "polite");
  choice.addEventListener("change", show);
  show();
}

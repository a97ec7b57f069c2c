// Before the first paint, so that a dark page never flashes white. A file of its own: the page allows no inline script.
(() => {
  try {
    const chosen = localStorage.getItem('proofmill.theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  } catch {
    // Without storage the system's choice holds.
  }
})();

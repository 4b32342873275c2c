// Runs before the first paint, so that a chosen theme never flashes in the other one. clients/hq/theme.ts writes the choice.
(function () {
  try {
    var theme = localStorage.getItem('green-lines.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage may be closed to us; the system's theme then holds.
  }
})();

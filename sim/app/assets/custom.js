// Solara puts this file into the page. A page whose connection is cut before it has shown anything begins anew when the
// server is there again: what was on its way is lost, and Solara fetches it again only for a page that was whole before.
// So does a page that stands there and never hears what can be set: its session did not begin, or is stuck.
// Nothing of the reader's is lost: the address holds the set-up.
(() => {
  const [LOOK, PATIENCE] = [50, 60000]; // milliseconds
  let [kernel, lost, since] = [null, false, null];

  function changed(_, status) {
    if (status !== "connected") lost = true;
    else if (lost) location.reload();
  }

  function mute() {
    const form = document.querySelector(".sw-stage .sw-controls");
    since = form && !form.hasChildNodes() ? (since ?? Date.now()) : null;
    return since !== null && Date.now() - since > PATIENCE;
  }

  const looking = setInterval(() => {
    if (mute()) {
      since = null;
      location.reload();
    }
    if (document.querySelector('.sw-stage[aria-busy="false"]')) {
      clearInterval(looking);
      kernel?.connectionStatusChanged.disconnect(changed);
    } else if (!kernel && window.solara?.debug) {
      kernel = solara.debug.kernel();
      kernel.connectionStatusChanged.connect(changed);
    }
  }, LOOK);
})();

// Solara puts this file into the page, before anything of it runs.

// Solara forbids two fingers to make a page larger; whoever sees less well needs them.
document.querySelector("meta[name=viewport]")?.setAttribute("content", "width=device-width, initial-scale=1");

// anywidget gives its module two seconds to load; later it shows the stage and drops every message to it, for good. A
// machine that is busy, or a line that is slow, needs longer and is none the worse for it.
{
  const PATIENCE = 600000; // milliseconds
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (milliseconds) => timeout(Math.max(milliseconds, PATIENCE));
}

// A page whose connection is cut before it has shown anything begins anew when the server is there again: what was on
// its way is lost, and Solara fetches it again only for a page that was whole before. Nothing of the reader's is lost:
// the address holds the set-up.
{
  const LOOK = 50; // milliseconds
  let [kernel, lost] = [null, false];

  const changed = (_, status) => {
    if (status !== "connected") lost = true;
    else if (lost) location.reload();
  };

  const looking = setInterval(() => {
    if (document.querySelector('.sw-stage[aria-busy="false"]')) {
      clearInterval(looking);
      kernel?.connectionStatusChanged.disconnect(changed);
    } else if (!kernel && window.solara?.debug) {
      kernel = solara.debug.kernel();
      kernel.connectionStatusChanged.connect(changed);
    }
  }, LOOK);
}

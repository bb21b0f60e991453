// Says plainly where this browser cannot show a proof: a phone's HEVC film, its HEIC photo.
const LOST_ON_THE_WAY = 2; // MediaError.MEDIA_ERR_NETWORK: what is there may be watched on

for (const proof of document.querySelectorAll("[data-proof]")) {
  const shown = proof.querySelector("video, img");
  // The frames of a film's contact sheet stay: they are pictures.
  const parts = proof.querySelectorAll("video, .player-tools, .marks-bar, a:has(> img)");
  const say = (blind) => {
    for (const part of parts) part.toggleAttribute("hidden", blind);
    proof.querySelector("[data-blind]").hidden = !blind;
  };
  const film = shown instanceof HTMLVideoElement;
  // A browser that knows the sound but not the pictures plays on without an error.
  const failed = () => (film
    ? shown.networkState === shown.NETWORK_NO_SOURCE // neither the copy nor the original
      || (shown.error && shown.error.code !== LOST_ON_THE_WAY)
      || (shown.readyState >= shown.HAVE_METADATA && !shown.videoWidth)
    : shown.complete && !shown.naturalWidth);
  const look = () => { if (failed()) say(true); };
  shown.addEventListener("error", look);
  // A film's last source has failed: the element itself knows only a moment later.
  shown.querySelector("source:last-of-type")?.addEventListener("error", () => setTimeout(look));
  shown.addEventListener(film ? "loadedmetadata" : "load", () => say(failed()));
  look(); // it may have happened before this script was there
}

// SPDX-License-Identifier: MIT-0
// Cameras by the API, each with the address of its live playlist.
fetch("api/cameras").then(async (response) => {
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  for (const camera of answer.cameras) {
    const link = document.createElement("a");
    link.href = `hls/${encodeURIComponent(camera.id)}/master.m3u8`;
    link.textContent = camera.id;
    const item = document.createElement("li");
    item.append(link);
    document.getElementById("cameras").append(item);
  }
  document.getElementById("state").textContent = answer.cameras.length ? "" : "No cameras yet.";
}).catch((error) => {
  document.getElementById("state").textContent = error.message;
});

words => {      // whether every word given is in a still picture of the page
  const stills = [...document.querySelectorAll('.snnet-still')].map(e => e.textContent);
  return words.every(word => stills.some(text => text.includes(word)));
}

() => {     // the block of the picture that has the keyboard
  const { anchor, block } = document.activeElement.dataset;
  return `${anchor}-${block}`;
}

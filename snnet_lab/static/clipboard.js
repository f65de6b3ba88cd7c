// Text into the clipboard; a page that may not write there has what is shown selected and copied.
// Whether it is there.
export async function copyText(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(shown);
    return document.execCommand("copy");
  }
}

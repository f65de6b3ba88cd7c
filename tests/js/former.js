panel => {     // mark what a panel shows now, so that what comes next can be told from it
  document.querySelector(`.wb-${panel}-result .wb-result`)?.classList.add("former");
}

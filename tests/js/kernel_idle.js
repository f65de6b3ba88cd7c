() => {     // in JupyterLab: the notebook's kernel is there and has nothing to do
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  return kernel && kernel.status === "idle" && kernel.connectionStatus === "connected";
}

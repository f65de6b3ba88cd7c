// The curve as anywidget wants it.

import { render } from "./curve.js";

export default { render };

// @ts-check
/** A page with nothing on it that moves but its theme. */

import { bindThemeButton } from "../common/theme.js";

bindThemeButton();

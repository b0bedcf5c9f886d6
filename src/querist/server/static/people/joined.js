// @ts-check
/** The page after joining: the token that is shown once can be copied. */

import { bindCopy } from "./copy.js";

bindCopy("copy", "token");

/** A page with a client that the checking suite plays with: see tests/clients/javascript/in_chromium.py. */

import { ChatClient } from "../../src/index.js";
import { answered } from "../acts.js";

Object.assign(window, { answered, ChatClient });

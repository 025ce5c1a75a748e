/** The entry point: builds the client of this page's person, and the page. */

import { makeChat } from "./chat/client.js";
import { Page } from "./page.js";

const config = JSON.parse(document.getElementById("config").textContent);
const page = new Page(makeChat(config), config);
page.start();

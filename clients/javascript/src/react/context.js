/** The client of the page, for all components below the provider. */

import { createContext, createElement, useContext } from "react";

/** @typedef {import("../client.js").ChatClient} ChatClient */

const Context = createContext(/** @type {ChatClient | null} */ (null));

/** Gives a client to the components below. It neither connects nor disconnects it.
 * @param {{client: ChatClient, children?: import("react").ReactNode}} props */
export function ChatProvider({ client, children }) {
  return createElement(Context.Provider, { value: client }, children);
}

/** Returns the client of the provider above. @returns {ChatClient} */
export function useChat() {
  const client = useContext(Context);
  if (client === null) throw new Error("There is no <ChatProvider client={…}> above this component.");
  return client;
}

/** What a person may do with a conversation, for themselves alone. */

/** Returns the choices of the menu. `set(settings)` changes settings of mine; `markUnread()`. */
export function conversationChoices({ pinned, archived, seq }, { set, markUnread }) {
  const choices = [
    {
      label: pinned ? "Unpin" : "Pin to the top",
      testid: "pin-conversation",
      action: () => set({ pinned: !pinned }),
    },
    {
      label: archived ? "Move to the list" : "Archive",
      testid: "archive",
      action: () => set({ archived: !archived }),
    },
  ];
  if (seq === 0) return choices;
  return [
    ...choices,
    { label: "Mark as unread", testid: "mark-unread", action: markUnread },
  ];
}

"""The proof that applying all events leads to the state that is fetched.

Several people act at random in one conversation, over two instances. Their clients apply each event
and each answer to a sync. Then each client must hold what it would fetch: the same conversation,
with the person's own fields, the same messages, reactions, pins, files and receipts. Clients
disconnect and return meanwhile. People are removed and added again, so that under
`history: since_joining` they may not see earlier messages; then every door is tried. People are
erased, which signs them out, and come back.

| file | has |
|---|---|
| `acts` | the table of what people do |
| `interventions`, `services` | what operators and services do, and what goes wrong |
| `doors` | the tables of where messages can be read, and what shows none |
| `held`, `own` | the rules by which a client applies events, as docs/socket.md states them |
| `mirror` | a client: its connection, its requests |
| `world` | one conversation, its people and clients; it carries out steps, and compares |
| `sabotages` | faults of the product that the proof must notice |

To extend the proof:

- **A new act of people** (an endpoint or a command that changes something): add a row to `ACTS`.
  `test_tables` fails until each path, method and command is in a table.
- **A new act of an operator, a service or a sweep** (moderation, retention): add a row to
  `INTERVENTIONS` or `BY_SERVICES`. It is a coroutine that gets an instance, and may raise a
  `MessagingError`. `test_tables` does not know these: no path leads to most of them.
- **A new door** (a path, a parameter or a command that shows messages): add a row to `LISTS`,
  `ABOUT_ONE` or `COMMANDS_ABOUT_ONE`. A path that shows none belongs to `WITHOUT_MESSAGES`.
- **A new event, or a new field of a conversation**: teach `held` or `own` how a client applies it,
  and describe the same in docs/socket.md. `fetched` compares all fields of a conversation and of a
  message, so a new field needs no row.
- **A new list** (as pins and files are): fetch it in `fetched`, and derive it in `Held.state`.
- **A new rule**: add a sabotage that breaks it.
"""

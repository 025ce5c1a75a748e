/* Generated from docs/asyncapi.yaml: `npm run schema` writes this file. Do not edit it. */

/**
 * * `text` - text
 * * `system` - system
 */
export type MessageKindEnum = ("text" | "system")
/**
 * * `ok` - ok
 * * `forbidden` - forbidden
 * * `reset` - reset
 */
export type ChangesStatusEnum = ("ok" | "forbidden" | "reset")
/**
 * * `direct` - direct
 * * `group` - group
 */
export type KindEnum = ("direct" | "group")
/**
 * * `owner` - owner
 * * `admin` - admin
 * * `member` - member
 */
export type RoleEnum = ("owner" | "admin" | "member")
/**
 * * `all` - all
 * * `admins` - admins
 */
export type PostingEnum = ("all" | "admins")
/**
 * * `full` - full
 * * `since_joining` - since_joining
 */
export type HistoryEnum = ("full" | "since_joining")
/**
 * * `all` - all
 * * `mentions` - mentions
 * * `none` - none
 */
export type NotifyEnum = ("all" | "mentions" | "none")
/**
 * * `online` - online
 * * `reachable` - reachable
 * * `offline` - offline
 */
export type PersonPresenceStatusEnum = ("online" | "reachable" | "offline")

export interface Frames {
commands: {
"message.send": MessageSendCommand
"message.edit": MessageEditCommand
"message.delete": MessageDeleteCommand
"reaction.add": ReactionAddCommand
"reaction.remove": ReactionRemoveCommand
"receipt.read": ReceiptReadCommand
"receipt.delivered": ReceiptDeliveredCommand
"typing.start": TypingStartCommand
"typing.stop": TypingStopCommand
"conversation.sync": ConversationSyncCommand
"receipts.sync": ReceiptsSyncCommand
"auth.refresh": AuthRefreshCommand
"presence.watch": PresenceWatchCommand
activity: ActivityCommand
ping: PingCommand
}
replies: {
"message.send": MessageSendReply
"message.edit": MessageEditReply
"message.delete": MessageDeleteReply
"reaction.add": ReactionAddReply
"reaction.remove": ReactionRemoveReply
"receipt.read": ReceiptReadReply
"receipt.delivered": ReceiptDeliveredReply
"typing.start": TypingStartReply
"typing.stop": TypingStopReply
"conversation.sync": ConversationSyncReply
"receipts.sync": ReceiptsSyncReply
"presence.watch": PresenceWatchReply
activity: ActivityReply
"auth.refresh": AuthRefreshReply
ping: PingReply
}
events: {
"message.created": MessageCreatedEvent
"message.updated": MessageUpdatedEvent
"message.deleted": MessageDeletedEvent
"reaction.updated": ReactionUpdatedEvent
"conversation.updated": ConversationUpdatedEvent
"participant.added": ParticipantAddedEvent
"participant.removed": ParticipantRemovedEvent
"conversation.changes": ConversationChangesEvent
"receipt.updated": ReceiptUpdatedEvent
"preferences.updated": PreferencesUpdatedEvent
"typing.started": TypingStartedEvent
"typing.stopped": TypingStoppedEvent
"conversation.added": ConversationAddedEvent
"conversation.removed": ConversationRemovedEvent
resync: ResyncEvent
hello: HelloEvent
heartbeat: HeartbeatEvent
degraded: DegradedEvent
restored: RestoredEvent
"presence.changed": PresenceChangedEvent
"auth.expiring": AuthExpiringEvent
draining: DrainingEvent
}
error: ErrorReply
}
export interface MessageSendCommand {
/**
 * The kind of frame.
 */
type: "message.send"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The text as it was typed; null once the message is deleted.
 */
text: string
/**
 * Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
 */
client_id: string
/**
 * The id of the message that this one replies to; null: none.
 */
reply_to?: (string | null)
/**
 * The ids of the participants that the text mentions.
 */
mentions?: string[]
/**
 * Whether the message mentions everyone.
 */
mentions_all?: boolean
/**
 * A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
 */
metadata?: ({

} | null)
/**
 * The files of the message. In a send: the ids of at most 10 attachments of your own, which are complete and not sent yet.
 */
attachments?: string[]
}
export interface MessageEditCommand {
/**
 * The kind of frame.
 */
type: "message.edit"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The text as it was typed; null once the message is deleted.
 */
text?: string
/**
 * A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
 */
metadata?: ({

} | null)
/**
 * The id of the message.
 */
message_id: string
}
export interface MessageDeleteCommand {
/**
 * The kind of frame.
 */
type: "message.delete"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The id of the message.
 */
message_id: string
}
export interface ReactionAddCommand {
/**
 * The kind of frame.
 */
type: "reaction.add"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The id of the message.
 */
message_id: string
/**
 * One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.
 */
emoji: string
}
export interface ReactionRemoveCommand {
/**
 * The kind of frame.
 */
type: "reaction.remove"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The id of the message.
 */
message_id: string
/**
 * One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.
 */
emoji: string
}
export interface ReceiptReadCommand {
/**
 * The kind of frame.
 */
type: "receipt.read"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
/**
 * Whether to remove your unread mark even if the read position does not move; false by default.
 */
clear?: boolean
}
export interface ReceiptDeliveredCommand {
/**
 * The kind of frame.
 */
type: "receipt.delivered"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
}
export interface TypingStartCommand {
/**
 * The kind of frame.
 */
type: "typing.start"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
}
export interface TypingStopCommand {
/**
 * The kind of frame.
 */
type: "typing.stop"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The id of the conversation.
 */
conversation_id: string
}
export interface ConversationSyncCommand {
/**
 * The kind of frame.
 */
type: "conversation.sync"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * By conversation id: your cursor, the last `version` that you applied.
 */
conversations: {
[k: string]: number
}
}
export interface ReceiptsSyncCommand {
/**
 * The kind of frame.
 */
type: "receipts.sync"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The `at` of the previous answer, or of the first `hello`.
 */
since: string
}
export interface AuthRefreshCommand {
/**
 * The kind of frame.
 */
type: "auth.refresh"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * A fresh token of the same person.
 */
token: string
}
export interface PresenceWatchCommand {
/**
 * The kind of frame.
 */
type: "presence.watch"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The ids of people.
 */
user_ids: string[]
}
export interface ActivityCommand {
/**
 * The kind of frame.
 */
type: "activity"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * Whether a person is looking at the app.
 */
active: boolean
}
export interface PingCommand {
/**
 * The kind of frame.
 */
type: "ping"
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
}
export interface MessageSendReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
/**
 * Whether this command created the message; false: it existed already.
 */
created: boolean
}
}
export interface Message {
/**
 * The id, an opaque string.
 */
id: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The `version` at which the message was sent; null if unknown.
 */
created_version: (number | null)
/**
 * `text`: somebody wrote it; `system`: it reports a change of the conversation.
 */
kind: MessageKindEnum
/**
 * The id of the sender.
 */
sender_id: string
/**
 * Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
 */
client_id: (string | null)
/**
 * The text as it was typed; null once the message is deleted.
 */
text: (string | null)
/**
 * A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
 */
metadata: ({
[k: string]: unknown
} | null)
/**
 * The id of the message that this one replies to; null: none.
 */
reply_to: (string | null)
/**
 * The ids of the participants that the text mentions.
 */
mentions: string[]
/**
 * Whether the message mentions everyone.
 */
mentions_all: boolean
/**
 * The files of the message. In a send: the ids of at most 10 attachments of your own, which are complete and not sent yet.
 */
attachments: Attachment[]
/**
 * By emoji: the number of people, and ten of them, the first ones first.
 */
reactions: {
[k: string]: ReactionSummary
}
/**
 * When it was created, by the store's clock.
 */
created_at: string
/**
 * When the text was last changed; null if it never was.
 */
edited_at: (string | null)
/**
 * When the message was deleted; null if it is not deleted.
 */
deleted_at: (string | null)
/**
 * When the message was pinned; null if it is not pinned.
 */
pinned_at: (string | null)
}
export interface Attachment {
/**
 * The id of the attachment.
 */
id: string
/**
 * The name of the file.
 */
filename: string
/**
 * The media type of the file.
 */
content_type: string
/**
 * The size of the file in bytes.
 */
size: number
/**
 * The width of the image in pixels; null for other files.
 */
width: (number | null)
/**
 * The height of the image in pixels; null for other files.
 */
height: (number | null)
/**
 * Whether the file has a thumbnail.
 */
has_thumbnail: boolean
}
export interface ReactionSummary {
/**
 * The number of people.
 */
count: number
/**
 * The ids of up to ten of these people.
 */
user_ids: string[]
}
export interface MessageEditReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
}
}
export interface MessageDeleteReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
}
}
export interface ReactionAddReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
}
}
export interface ReactionRemoveReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
}
}
export interface ReceiptReadReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: ReadReceipt
}
export interface ReadReceipt {
/**
 * The `seq` up to which the person has read.
 */
read_seq: number
/**
 * The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
 */
unread_count: number
}
export interface ReceiptDeliveredReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface TypingStartReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface TypingStopReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface ConversationSyncReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * By conversation id.
 */
conversations: {
[k: string]: SyncedChanges
}
/**
 * Changes when a backup of the store is restored: discard every cursor and load again.
 */
epoch: string
}
}
export interface SyncedChanges {
/**
 * `ok`; `reset`: load the conversation again; `forbidden`: you are not in it.
 */
status: ChangesStatusEnum
/**
 * The present state of every message that changed, by `version`.
 */
messages: OwnMessage[]
/**
 * The present conversation; null if nothing changed.
 */
conversation: (Conversation | null)
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * Whether there are more changes: request them with this `version`.
 */
more: boolean
}
export interface OwnMessage {
/**
 * The id, an opaque string.
 */
id: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The `version` at which the message was sent; null if unknown.
 */
created_version: (number | null)
/**
 * `text`: somebody wrote it; `system`: it reports a change of the conversation.
 */
kind: MessageKindEnum
/**
 * The id of the sender.
 */
sender_id: string
/**
 * Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
 */
client_id: (string | null)
/**
 * The text as it was typed; null once the message is deleted.
 */
text: (string | null)
/**
 * A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
 */
metadata: ({
[k: string]: unknown
} | null)
/**
 * The id of the message that this one replies to; null: none.
 */
reply_to: (string | null)
/**
 * The ids of the participants that the text mentions.
 */
mentions: string[]
/**
 * Whether the message mentions everyone.
 */
mentions_all: boolean
/**
 * The files of the message. In a send: the ids of at most 10 attachments of your own, which are complete and not sent yet.
 */
attachments: Attachment[]
/**
 * By emoji: the number of people, and ten of them, the first ones first.
 */
reactions: {
[k: string]: ReactionSummary
}
/**
 * When it was created, by the store's clock.
 */
created_at: string
/**
 * When the text was last changed; null if it never was.
 */
edited_at: (string | null)
/**
 * When the message was deleted; null if it is not deleted.
 */
deleted_at: (string | null)
/**
 * When the message was pinned; null if it is not pinned.
 */
pinned_at: (string | null)
/**
 * Your own reactions to the message.
 */
my_reactions: string[]
}
export interface Conversation {
/**
 * The id of the conversation.
 */
id: string
/**
 * `direct`: between two fixed people; `group`: any number of people.
 */
kind: KindEnum
/**
 * The title of a group; null if it has none.
 */
title: (string | null)
/**
 * null above 50 people, except in GET of one conversation
 */
participants: (Participant[] | null)
/**
 * How many people are in the conversation.
 */
participant_count: number
/**
 * When it was created, by the store's clock.
 */
created_at: string
/**
 * When it last changed, by the store's clock.
 */
updated_at: string
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The message with the highest `seq`; null if there is none.
 */
last_message: (Message | null)
/**
 * The `seq` of deleted messages, which never count as unread: the latest 500 ranges `[from, to]`, both inclusive, ascending.
 */
uncounted: number[][]
/**
 * A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
 */
metadata: ({
[k: string]: unknown
} | null)
/**
 * The https URL of a picture; null if there is none.
 */
picture: (string | null)
/**
 * Whether an operator froze the conversation: then members can neither write nor delete.
 */
frozen: boolean
/**
 * Who may send: `all`, or `admins`: owners and admins.
 */
posting: PostingEnum
/**
 * What people who are added later see of earlier messages: `full` or `since_joining`.
 */
history: HistoryEnum
/**
 * Whether changes of people, roles and title also create a system message.
 */
system_messages: boolean
/**
 * How many messages are pinned.
 */
pinned_count: number
/**
 * The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
 */
unread_count: number
/**
 * The `seq` up to which the person has read.
 */
read_seq: number
/**
 * The `seq` of the latest message of others above `read_seq` that mentions you; null if there is none, or if it was deleted.
 */
mentioned_seq: (number | null)
/**
 * The `seq` of the message that you marked as unread: show a dot. null if there is none.
 */
marked_unread: (number | null)
/**
 * The `seq` of the first message that you may see: 1, unless `history` was `since_joining` when you were added.
 */
visible_from: number
/**
 * No pushes of this conversation until then; null: pushes are on.
 */
muted_until: (string | null)
/**
 * Which messages send a push: `all`, `mentions` or `none`.
 */
notify: NotifyEnum
/**
 * Whether you pinned the conversation in your list.
 */
pinned: boolean
/**
 * Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
 */
archived: boolean
/**
 * The `seq` of the latest message when you archived the conversation; null if you did not. Clients derive `archived` from it.
 */
archived_seq: (number | null)
}
export interface Participant {
/**
 * The id of the person, as in their token.
 */
user_id: string
/**
 * `owner`, `admin` or `member`.
 */
role: RoleEnum
/**
 * The version of the conversation at which the person was last added; 0 for its first participants.
 */
joined_version: number
}
export interface ReceiptsSyncReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The entries.
 */
items: OwnState[]
/**
 * The time by the store's clock.
 */
at: string
/**
 * Whether entries are left out.
 */
truncated: boolean
}
}
export interface OwnState {
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The `seq` up to which the person has read.
 */
read_seq: number
/**
 * The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
 */
unread_count: number
/**
 * The `seq` of the message that you marked as unread: show a dot. null if there is none.
 */
marked_unread: (number | null)
/**
 * Your settings in this conversation.
 */
preferences: Preferences
}
export interface Preferences {
/**
 * No pushes of this conversation until then; null: pushes are on.
 */
muted_until: (string | null)
/**
 * Which messages send a push: `all`, `mentions` or `none`.
 */
notify: NotifyEnum
/**
 * Whether you pinned the conversation in your list.
 */
pinned: boolean
/**
 * Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
 */
archived: boolean
/**
 * The `seq` of the latest message when you archived the conversation; null if you did not. Clients derive `archived` from it.
 */
archived_seq: (number | null)
}
export interface PresenceWatchReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: PresenceList
}
export interface PresenceList {
/**
 * The entries of this page.
 */
items: PersonPresence[]
}
export interface PersonPresence {
/**
 * The id of the person, as in their token.
 */
user_id: string
/**
 * `online`: has a socket; `reachable`: no socket, but a device that gets pushes; `offline`.
 */
status: PersonPresenceStatusEnum
/**
 * When the person was last active; null if unknown.
 */
last_active_at: (string | null)
}
export interface ActivityReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface AuthRefreshReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The expiry, by the server's clock; null: it does not expire.
 */
expires_at: (string | null)
}
}
export interface PingReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string)
/**
 * The kind of frame.
 */
type: "reply"
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface MessageCreatedEvent {
/**
 * The kind of frame.
 */
type: "message.created"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
}
}
export interface MessageUpdatedEvent {
/**
 * The kind of frame.
 */
type: "message.updated"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
/**
 * How many messages are pinned; absent if that did not change.
 */
pinned_count?: number
}
}
export interface MessageDeletedEvent {
/**
 * The kind of frame.
 */
type: "message.deleted"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
/**
 * How many messages are pinned; absent if that did not change.
 */
pinned_count?: number
}
}
export interface ReactionUpdatedEvent {
/**
 * The kind of frame.
 */
type: "reaction.updated"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The message after the change.
 */
message: Message
/**
 * The id of the person who made the change; null: an operator.
 */
by?: string
/**
 * One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.
 */
emoji?: string
/**
 * Whether the reaction was added; false: removed.
 */
added?: boolean
}
}
export interface ConversationUpdatedEvent {
/**
 * The kind of frame.
 */
type: "conversation.updated"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The conversation after the change.
 */
conversation: SharedConversation
}
}
export interface SharedConversation {
/**
 * The id of the conversation.
 */
id: string
/**
 * `direct`: between two fixed people; `group`: any number of people.
 */
kind: KindEnum
/**
 * The title of a group; null if it has none.
 */
title: (string | null)
/**
 * null above 50 people, except in GET of one conversation
 */
participants: (Participant[] | null)
/**
 * How many people are in the conversation.
 */
participant_count: number
/**
 * When it was created, by the store's clock.
 */
created_at: string
/**
 * When it last changed, by the store's clock.
 */
updated_at: string
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The message with the highest `seq`; null if there is none.
 */
last_message: (Message | null)
/**
 * The `seq` of deleted messages, which never count as unread: the latest 500 ranges `[from, to]`, both inclusive, ascending.
 */
uncounted: number[][]
/**
 * A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
 */
metadata: ({
[k: string]: unknown
} | null)
/**
 * The https URL of a picture; null if there is none.
 */
picture: (string | null)
/**
 * Whether an operator froze the conversation: then members can neither write nor delete.
 */
frozen: boolean
/**
 * Who may send: `all`, or `admins`: owners and admins.
 */
posting: PostingEnum
/**
 * What people who are added later see of earlier messages: `full` or `since_joining`.
 */
history: HistoryEnum
/**
 * Whether changes of people, roles and title also create a system message.
 */
system_messages: boolean
/**
 * How many messages are pinned.
 */
pinned_count: number
}
export interface ParticipantAddedEvent {
/**
 * The kind of frame.
 */
type: "participant.added"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The people who were added or removed.
 */
participants: Participant[]
/**
 * The id of the person who made the change; null: an operator.
 */
by: (string | null)
}
}
export interface ParticipantRemovedEvent {
/**
 * The kind of frame.
 */
type: "participant.removed"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The people who were added or removed.
 */
participants: Participant[]
/**
 * The id of the person who made the change; null: an operator.
 */
by: (string | null)
}
}
export interface ConversationChangesEvent {
/**
 * The kind of frame.
 */
type: "conversation.changes"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The `version` that you already have.
 */
since: number
/**
 * The present state of the changed messages, by `version`.
 */
messages: Message[]
/**
 * The conversation after the change.
 */
conversation: SharedConversation
}
}
export interface ReceiptUpdatedEvent {
/**
 * The kind of frame.
 */
type: "receipt.updated"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of the person, as in their token.
 */
user_id: string
/**
 * The `seq` up to which the person has read.
 */
read_seq: number
/**
 * The `seq` up to which messages reached the person's devices.
 */
delivered_seq: number
/**
 * The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
 */
unread_count?: number
/**
 * The `seq` of the message that you marked as unread: show a dot. null if there is none.
 */
marked_unread?: (number | null)
}
}
export interface PreferencesUpdatedEvent {
/**
 * The kind of frame.
 */
type: "preferences.updated"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * Your settings in this conversation.
 */
preferences: Preferences
}
}
export interface TypingStartedEvent {
/**
 * The kind of frame.
 */
type: "typing.started"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of the person, as in their token.
 */
user_id: string
/**
 * The expiry, by the server's clock; null: it does not expire.
 */
expires_at: string
}
}
export interface TypingStoppedEvent {
/**
 * The kind of frame.
 */
type: "typing.stopped"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of the person, as in their token.
 */
user_id: string
/**
 * The expiry, by the server's clock; null: it does not expire.
 */
expires_at: string
}
}
export interface ConversationAddedEvent {
/**
 * The kind of frame.
 */
type: "conversation.added"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The conversation after the change.
 */
conversation: SharedConversation
}
}
export interface ConversationRemovedEvent {
/**
 * The kind of frame.
 */
type: "conversation.removed"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of the conversation.
 */
conversation_id: string
}
}
export interface ResyncEvent {
/**
 * The kind of frame.
 */
type: "resync"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The id of the conversation.
 */
conversation_id: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of the conversation.
 */
conversation_id: string
}
}
export interface HelloEvent {
/**
 * The kind of frame.
 */
type: "hello"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The id of this socket, as in the logs.
 */
connection_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The id of the person, as in their token.
 */
user_id: string
/**
 * The interval of `heartbeat`.
 */
heartbeat_seconds: number
/**
 * By name. The rates are per person, over REST and sockets together.
 */
limits: {
[k: string]: number
}
/**
 * Whether events of other instances arrive late.
 */
degraded: boolean
/**
 * By conversation id.
 */
conversations: {
[k: string]: Place
}
/**
 * Whether entries are left out.
 */
truncated: boolean
/**
 * Changes when a backup of the store is restored: discard every cursor and load again.
 */
epoch: string
/**
 * The time by the store's clock.
 */
at: string
}
}
export interface Place {
/**
 * The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
 */
version: number
/**
 * The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
 */
seq: number
}
export interface HeartbeatEvent {
/**
 * The kind of frame.
 */
type: "heartbeat"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface DegradedEvent {
/**
 * The kind of frame.
 */
type: "degraded"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface RestoredEvent {
/**
 * The kind of frame.
 */
type: "restored"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: {

}
}
export interface PresenceChangedEvent {
/**
 * The kind of frame.
 */
type: "presence.changed"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: PersonPresence
}
export interface AuthExpiringEvent {
/**
 * The kind of frame.
 */
type: "auth.expiring"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * The expiry, by the server's clock; null: it does not expire.
 */
expires_at: string
}
}
export interface DrainingEvent {
/**
 * The kind of frame.
 */
type: "draining"
/**
 * The id of the event, the same on every socket.
 */
event_id: string
/**
 * The name of the instance that sent the event.
 */
instance_id: string
/**
 * The time by the store's clock.
 */
at: string
/**
 * The content, which depends on `type`.
 */
data: {
/**
 * Seconds to wait before a retry.
 */
retry_after: number
}
}
export interface ErrorReply {
/**
 * Your own id of the command; the answer has the same id.
 */
id: (number | string | null)
/**
 * The kind of frame.
 */
type: "error"
/**
 * The error code, for programs.
 */
code: string
/**
 * What is wrong and what to do, for people.
 */
detail: string
/**
 * The HTTP status that REST answers with.
 */
status: number
/**
 * Seconds to wait before a retry.
 */
retry_after?: number
/**
 * What is wrong with each field; at most 20.
 */
errors?: FieldError[]
}
export interface FieldError {
/**
 * The path of the field, with dots between levels: `quiet_hours.from`, `user_ids.3`.
 */
field: string
/**
 * The error code of the field, for programs.
 */
code: string
/**
 * What is wrong and what to do, for people.
 */
detail: string
}

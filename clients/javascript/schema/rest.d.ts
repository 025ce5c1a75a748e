/* Generated from docs/openapi.yaml: `npm run schema` writes this file. Do not edit it. */

export interface paths {
    "/api/v1/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Announce a file, and get the signed URL to upload it to */
        post: operations["announce_attachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/attachments/{attachment_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check the uploaded file, so that it can be sent; idempotent */
        post: operations["complete_attachment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the people whom I block */
        get: operations["list_blocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blocks/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Block a person: stop direct messages between us, in both directions */
        put: operations["block_person"];
        post?: never;
        /** Unblock a person */
        delete: operations["unblock_person"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List my conversations, latest activity first */
        get: operations["list_conversations"];
        put?: never;
        /** Create a conversation; 200 if the pair or the client_id already has one */
        post: operations["create_conversation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a conversation with all its participants */
        get: operations["get_conversation"];
        put?: never;
        post?: never;
        /** Delete a group with its messages; only for service accounts */
        delete: operations["delete_conversation"];
        options?: never;
        head?: never;
        /** Change a group: title, metadata, picture, posting, history; requires owner or admin */
        patch: operations["update_conversation"];
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get signed URLs of files by their ids, or of everything shared here, newest first */
        get: operations["list_attachments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the present state of everything that changed after a version */
        get: operations["list_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List messages by seq: the latest, before, after or around one, or by their ids */
        get: operations["list_messages"];
        put?: never;
        /** Send a message; 200 if this client_id was already sent */
        post: operations["send_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/messages/{message_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a message; a deleted one has no content */
        get: operations["get_message"];
        put?: never;
        post?: never;
        /** Delete my own message; owner and admins may delete any message */
        delete: operations["delete_message"];
        options?: never;
        head?: never;
        /** Change the text or the metadata of my own message */
        patch: operations["edit_message"];
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/messages/{message_id}/delivery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show who received a message, or why not, to its sender and the group's admins */
        get: operations["get_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/messages/{message_id}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Pin a message; in a group, requires owner or admin */
        put: operations["pin_message"];
        post?: never;
        /** Unpin a message; in a group, requires owner or admin */
        delete: operations["unpin_message"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/messages/{message_id}/reactions/{emoji}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List everybody who reacted to a message with this emoji */
        get: operations["list_reactions"];
        /** React to a message with an emoji */
        put: operations["add_reaction"];
        post?: never;
        /** Remove my reaction from a message */
        delete: operations["remove_reaction"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/messages/{message_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the texts of a message, the oldest first; only for service accounts */
        get: operations["list_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/participants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add people to a group; requires owner or admin */
        post: operations["add_participants"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/participants/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a participant, or leave. `me` is the caller */
        delete: operations["remove_participant"];
        options?: never;
        head?: never;
        /** Change the role of a participant; requires owner. `me` is the caller */
        patch: operations["update_participant"];
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the pinned messages, the latest pin first */
        get: operations["list_pins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get my own settings in this conversation */
        get: operations["get_conversation_preferences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change my own settings in this conversation; absent fields stay unchanged */
        patch: operations["update_conversation_preferences"];
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mark everything up to a seq as read; the position only moves forward */
        post: operations["mark_read"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get how far every participant has read and received */
        get: operations["list_receipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/typing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Show the others that I am typing, or have stopped */
        post: operations["set_typing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conversations/{conversation_id}/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Mark a message as unread for me alone; my read position stays */
        put: operations["mark_unread"];
        post?: never;
        /** Remove my unread mark */
        delete: operations["unmark_unread"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dev/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Issue a development token to a client on this machine */
        post: operations["create_development_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List my devices, the latest registered first */
        get: operations["list_devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{device_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Register a device at each start of the app and when its token changes */
        put: operations["register_device"];
        post?: never;
        /** Remove a device, for example at logout. It gets no more notifications */
        delete: operations["remove_device"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the state and the result of a job; only for service accounts */
        get: operations["get_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get my user id, my profile, my limits, and the unread total */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change my name and picture; absent fields stay unchanged */
        patch: operations["update_me"];
        trace?: never;
    };
    "/api/v1/me/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get my settings for all conversations */
        get: operations["get_preferences"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change my settings for all conversations; absent fields stay unchanged */
        patch: operations["update_preferences"];
        trace?: never;
    };
    "/api/v1/me/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Log me out everywhere at once, including this token */
        delete: operations["log_out_everywhere"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/presence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the presence of people with whom I share a conversation; others are left out */
        get: operations["get_presence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report a message to the operators; 200 if I have already reported it */
        post: operations["report_message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Find messages by their words, in my conversations, newest first */
        get: operations["search_messages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the names and pictures of people with whom I share a conversation */
        get: operations["list_users"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set a person's name and picture; only for service accounts */
        put: operations["set_profile"];
        post?: never;
        /** Erase a person; only for service accounts */
        delete: operations["erase_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Export a person; only for service accounts */
        post: operations["export_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AcceptedJob: {
            /**
             * @description The id of the job.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            job_id: string;
        };
        /**
         * @description * `anyone` - anyone
         *     * `nobody` - nobody
         * @enum {string}
         */
        AddedByEnum: "anyone" | "nobody";
        AddParticipantsRequest: {
            /**
             * @description `owner`, `admin` or `member`.
             * @example member
             */
            role?: components["schemas"]["RoleEnum"];
            /**
             * @description The ids of people.
             * @example [
             *       "bob",
             *       "cid"
             *     ]
             */
            user_ids: string[];
        };
        AnnounceAttachmentRequest: {
            /**
             * @description The media type of the file.
             * @example image/jpeg
             */
            content_type: string;
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            conversation_id: string;
            /**
             * @description The name of the file: one line of at most 255 characters, without a path.
             * @example tea.jpg
             */
            filename: string;
            /**
             * Format: int64
             * @description The exact size in bytes, at most 25 MiB.
             * @example 48213
             */
            size: number;
        };
        Announced: {
            /** @description The attachment. */
            attachment: components["schemas"]["AttachmentState"];
            /** @description Where to upload the file to. */
            upload: components["schemas"]["Upload"];
        };
        Attachment: {
            /**
             * @description The media type of the file.
             * @example image/jpeg
             */
            content_type: string;
            /**
             * @description The name of the file.
             * @example tea.jpg
             */
            filename: string;
            /**
             * @description Whether the file has a thumbnail.
             * @example true
             */
            has_thumbnail: boolean;
            /**
             * @description The height of the image in pixels; null for other files.
             * @example 768
             */
            height: number | null;
            /**
             * @description The id of the attachment.
             * @example f3l2e3a4t5t6a7c2h2m3e4n2t3
             */
            id: string;
            /**
             * @description The size of the file in bytes.
             * @example 48213
             */
            size: number;
            /**
             * @description The width of the image in pixels; null for other files.
             * @example 1024
             */
            width: number | null;
        };
        AttachmentState: {
            /**
             * @description The media type of the file.
             * @example image/jpeg
             */
            content_type: string;
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            conversation_id: string;
            /**
             * @description The name of the file.
             * @example tea.jpg
             */
            filename: string;
            /**
             * @description Whether the file has a thumbnail.
             * @example true
             */
            has_thumbnail: boolean;
            /**
             * @description The height of the image in pixels; null for other files.
             * @example 768
             */
            height: number | null;
            /**
             * @description The id of the attachment.
             * @example f3l2e3a4t5t6a7c2h2m3e4n2t3
             */
            id: string;
            /**
             * @description The size of the file in bytes.
             * @example 48213
             */
            size: number;
            /**
             * @description `pending`: the file is not checked; `ready`: it may be sent.
             * @example pending
             */
            status: components["schemas"]["AttachmentStateStatusEnum"];
            /**
             * @description The width of the image in pixels; null for other files.
             * @example 1024
             */
            width: number | null;
        };
        /**
         * @description * `pending` - pending
         *     * `ready` - ready
         * @enum {string}
         */
        AttachmentStateStatusEnum: "pending" | "ready";
        BlockedPerson: {
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        Blocks: {
            /** @description The entries of this page. */
            items: components["schemas"]["BlockedPerson"][];
        };
        Changes: {
            /** @description The present conversation; null if nothing changed. */
            conversation: components["schemas"]["Conversation"] | null;
            /**
             * @description Changes when a backup of the store is restored: discard every cursor and load again.
             * @example 5kq3n7
             */
            epoch: string;
            /** @description The present state of every message that changed, by `version`. */
            messages: components["schemas"]["OwnMessage"][];
            /**
             * @description Whether there are more changes: request them with this `version`.
             * @example false
             */
            more: boolean;
            /**
             * @description `ok`; `reset`: load the conversation again; `forbidden`: you are not in it.
             * @example ok
             */
            status: components["schemas"]["ChangesStatusEnum"];
            /**
             * @description The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
             * @example 57
             */
            version: number;
        };
        /**
         * @description * `ok` - ok
         *     * `forbidden` - forbidden
         *     * `reset` - reset
         * @enum {string}
         */
        ChangesStatusEnum: "ok" | "forbidden" | "reset";
        Completed: {
            /** @description The attachment. */
            attachment: components["schemas"]["AttachmentState"];
        };
        Conversation: {
            /**
             * @description Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
             * @example false
             */
            archived: boolean;
            /**
             * @description The `seq` of the latest message when you archived the conversation; null if you did not. Clients derive `archived` from it.
             * @example null
             */
            archived_seq: number | null;
            /**
             * Format: date-time
             * @description When it was created, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description Whether an operator froze the conversation: then members can neither write nor delete.
             * @example false
             */
            frozen: boolean;
            /**
             * @description What people who are added later see of earlier messages: `full` or `since_joining`.
             * @example full
             */
            history: components["schemas"]["HistoryEnum"];
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            id: string;
            /**
             * @description `direct`: between two fixed people; `group`: any number of people.
             * @example group
             */
            kind: components["schemas"]["KindEnum"];
            /** @description The message with the highest `seq`; null if there is none. */
            last_message: components["schemas"]["Message"] | null;
            /**
             * @description The `seq` of the message that you marked as unread: show a dot. null if there is none.
             * @example null
             */
            marked_unread: number | null;
            /**
             * @description The `seq` of the latest message of others above `read_seq` that mentions you; null if there is none, or if it was deleted.
             * @example null
             */
            mentioned_seq: number | null;
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: date-time
             * @description No pushes of this conversation until then; null: pushes are on.
             * @example null
             */
            muted_until: string | null;
            /**
             * @description Which messages send a push: `all`, `mentions` or `none`.
             * @example all
             */
            notify: components["schemas"]["NotifyEnum"];
            /**
             * @description How many people are in the conversation.
             * @example 3
             */
            participant_count: number;
            /** @description null above 50 people, except in GET of one conversation */
            participants: components["schemas"]["Participant"][] | null;
            /**
             * @description The https URL of a picture; null if there is none.
             * @example https://example.com/ann.jpg
             */
            picture: string | null;
            /**
             * @description Whether you pinned the conversation in your list.
             * @example false
             */
            pinned: boolean;
            /**
             * @description How many messages are pinned.
             * @example 0
             */
            pinned_count: number;
            /**
             * @description Who may send: `all`, or `admins`: owners and admins.
             * @example all
             */
            posting: components["schemas"]["PostingEnum"];
            /**
             * @description The `seq` up to which the person has read.
             * @example 41
             */
            read_seq: number;
            /**
             * @description The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
             * @example 42
             */
            seq: number;
            /**
             * @description Whether changes of people, roles and title also create a system message.
             * @example false
             */
            system_messages: boolean;
            /**
             * @description The title of a group; null if it has none.
             * @example Tea
             */
            title: string | null;
            /**
             * @description The `seq` of deleted messages, which never count as unread: the latest 500 ranges `[from, to]`, both inclusive, ascending.
             * @example [
             *       [
             *         7,
             *         7
             *       ],
             *       [
             *         30,
             *         34
             *       ]
             *     ]
             */
            uncounted: number[][];
            /**
             * @description The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
             * @example 1
             */
            unread_count: number;
            /**
             * Format: date-time
             * @description When it last changed, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            updated_at: string;
            /**
             * @description The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
             * @example 57
             */
            version: number;
            /**
             * @description The `seq` of the first message that you may see: 1, unless `history` was `since_joining` when you were added.
             * @example 1
             */
            visible_from: number;
        };
        ConversationPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["Conversation"][];
            /**
             * @description null at the end; the last page may be empty
             * @example null
             */
            next_cursor: string | null;
        };
        ConversationWithAdded: {
            /**
             * @description The ids of the people in the request who are now in the conversation, also if they were in it before
             * @example [
             *       "bob"
             *     ]
             */
            added: string[];
            /**
             * @description Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
             * @example false
             */
            archived: boolean;
            /**
             * @description The `seq` of the latest message when you archived the conversation; null if you did not. Clients derive `archived` from it.
             * @example null
             */
            archived_seq: number | null;
            /**
             * Format: date-time
             * @description When it was created, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description Whether an operator froze the conversation: then members can neither write nor delete.
             * @example false
             */
            frozen: boolean;
            /**
             * @description What people who are added later see of earlier messages: `full` or `since_joining`.
             * @example full
             */
            history: components["schemas"]["HistoryEnum"];
            /**
             * @description The id, an opaque string.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            id: string;
            /**
             * @description `direct`: between two fixed people; `group`: any number of people.
             * @example group
             */
            kind: components["schemas"]["KindEnum"];
            /** @description The message with the highest `seq`; null if there is none. */
            last_message: components["schemas"]["Message"] | null;
            /**
             * @description The `seq` of the message that you marked as unread: show a dot. null if there is none.
             * @example null
             */
            marked_unread: number | null;
            /**
             * @description The `seq` of the latest message of others above `read_seq` that mentions you; null if there is none, or if it was deleted.
             * @example null
             */
            mentioned_seq: number | null;
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: date-time
             * @description No pushes of this conversation until then; null: pushes are on.
             * @example null
             */
            muted_until: string | null;
            /**
             * @description Which messages send a push: `all`, `mentions` or `none`.
             * @example all
             */
            notify: components["schemas"]["NotifyEnum"];
            /**
             * @description How many people are in the conversation.
             * @example 3
             */
            participant_count: number;
            /** @description null above 50 people, except in GET of one conversation */
            participants: components["schemas"]["Participant"][] | null;
            /**
             * @description The https URL of a picture; null if there is none.
             * @example https://example.com/ann.jpg
             */
            picture: string | null;
            /**
             * @description Whether you pinned the conversation in your list.
             * @example false
             */
            pinned: boolean;
            /**
             * @description How many messages are pinned.
             * @example 0
             */
            pinned_count: number;
            /**
             * @description Who may send: `all`, or `admins`: owners and admins.
             * @example all
             */
            posting: components["schemas"]["PostingEnum"];
            /**
             * @description The `seq` up to which the person has read.
             * @example 41
             */
            read_seq: number;
            /**
             * @description The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
             * @example 42
             */
            seq: number;
            /**
             * @description Whether changes of people, roles and title also create a system message.
             * @example false
             */
            system_messages: boolean;
            /**
             * @description The title of a group; null if it has none.
             * @example Tea
             */
            title: string | null;
            /**
             * @description The `seq` of deleted messages, which never count as unread: the latest 500 ranges `[from, to]`, both inclusive, ascending.
             * @example [
             *       [
             *         7,
             *         7
             *       ],
             *       [
             *         30,
             *         34
             *       ]
             *     ]
             */
            uncounted: number[][];
            /**
             * @description The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
             * @example 1
             */
            unread_count: number;
            /**
             * Format: date-time
             * @description When it last changed, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            updated_at: string;
            /**
             * @description The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
             * @example 57
             */
            version: number;
            /**
             * @description The `seq` of the first message that you may see: 1, unless `history` was `since_joining` when you were added.
             * @example 1
             */
            visible_from: number;
        };
        CreateConversationRequest: {
            /**
             * @description Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
             * @example 7f3c-1
             */
            client_id?: string | null;
            /**
             * @description What people who are added later see of earlier messages: `full` or `since_joining`.
             * @example full
             */
            history?: components["schemas"]["HistoryEnum"];
            /**
             * @description `direct`: between two fixed people; `group`: any number of people.
             * @example group
             */
            kind: components["schemas"]["KindEnum"];
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Only for service accounts, which must name the owner of a group, or one of the two people of a direct conversation
             * @example ann
             */
            owner_id?: string;
            /**
             * @description The ids of the other people. You may include yourself.
             * @example [
             *       "bob",
             *       "cid"
             *     ]
             */
            participant_ids: string[];
            /**
             * @description The https URL of a picture; null if there is none.
             * @example https://example.com/ann.jpg
             */
            picture?: string | null;
            /**
             * @description Who may send: `all`, or `admins`: owners and admins.
             * @example all
             */
            posting?: components["schemas"]["PostingEnum"];
            /**
             * @description Whether changes of people, roles and title also create a system message.
             * @example false
             */
            system_messages?: boolean;
            /**
             * @description The title of a group; null if it has none.
             * @example Tea
             */
            title?: string | null;
        };
        CreateDevelopmentTokenRequest: {
            /**
             * @description Seconds; an hour by default
             * @example 3600
             */
            expires_in?: number;
            /**
             * @description Becomes the person's name if they never had one
             * @example Ann Lee
             */
            name?: string | null;
            /**
             * @description Becomes the person's picture if they never had one
             * @example https://example.com/ann.jpg
             */
            picture?: string | null;
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        Delivery: {
            /** @description The entries of this page. */
            items: components["schemas"]["PersonDelivery"][];
        };
        DevelopmentToken: {
            /**
             * Format: date-time
             * @description When the token expires.
             * @example 2026-01-31T13:00:00.000Z
             */
            expires_at: string;
            /**
             * @description The bearer token.
             * @example WyJhbm4iLDE3Njk4NjA4MDBd.c2lnbmF0dXJl
             */
            token: string;
        };
        Device: {
            /**
             * @description Your own id of the device.
             * @example phone-1
             */
            id: string;
            /**
             * @description The platform of the device: `android`, `ios` or `web`.
             * @example android
             */
            platform: components["schemas"]["PlatformEnum"];
            /**
             * Format: date-time
             * @description When the device was last registered.
             * @example 2026-01-31T12:00:00.000Z
             */
            registered_at: string;
            /**
             * @description The registration token or installation id.
             * @example dQw4w9WgXcQ:APA91b
             */
            token: string;
            /**
             * @description `token`, the default: a registration token; `installation_id`: a Firebase installation id.
             * @example token
             */
            token_kind: components["schemas"]["TokenKindEnum"];
        };
        Devices: {
            /** @description The entries of this page. */
            items: components["schemas"]["Device"][];
        };
        EditMessageRequest: {
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description The text as it was typed; null once the message is deleted.
             * @example Are you coming?
             */
            text?: string;
        };
        FieldError: {
            /**
             * @description The error code of the field, for programs.
             * @example required
             */
            code: string;
            /**
             * @description What is wrong and what to do, for people.
             * @example This field is required.
             */
            detail: string;
            /**
             * @description The path of the field, with dots between levels: `quiet_hours.from`, `user_ids.3`.
             * @example text
             */
            field: string;
        };
        File: {
            /**
             * @description The media type of the file.
             * @example image/jpeg
             */
            content_type: string;
            /**
             * Format: date-time
             * @description When both signed URLs stop working: ten minutes from now.
             * @example 2026-01-31T13:00:00.000Z
             */
            expires_at: string;
            /**
             * @description The name of the file.
             * @example tea.jpg
             */
            filename: string;
            /**
             * @description The height of the image in pixels; null for other files.
             * @example 768
             */
            height: number | null;
            /**
             * @description The id of the attachment.
             * @example f3l2e3a4t5t6a7c2h2m3e4n2t3
             */
            id: string;
            /**
             * @description The id of the message that the file is part of.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            message_id: string;
            /**
             * @description The id of the person who sent the file.
             * @example ann
             */
            sender_id: string;
            /**
             * @description The `seq` of the message.
             * @example 42
             */
            seq: number;
            /**
             * @description The size of the file in bytes.
             * @example 48213
             */
            size: number;
            /**
             * @description The signed URL of a WebP of at most 512 × 512 pixels; null for files other than images.
             * @example https://files.example.com/f3l2e3a4t5t6a7c2h2m3e4n2t3.thumbnail?X-Amz-Expires=600
             */
            thumbnail_url: string | null;
            /**
             * @description The signed URL. It works without a token until `expires_at`.
             * @example https://files.example.com/f3l2e3a4t5t6a7c2h2m3e4n2t3?X-Amz-Expires=600
             */
            url: string;
            /**
             * @description The width of the image in pixels; null for other files.
             * @example 1024
             */
            width: number | null;
        };
        FilePage: {
            /** @description The entries of this page. */
            items: components["schemas"]["File"][];
            /**
             * @description The `cursor` of the next page; null at the end.
             * @example null
             */
            next_cursor: string | null;
        };
        FoundMessage: {
            /** @description The message, as it is now. */
            message: components["schemas"]["OwnMessage"];
            /** @description The part of the text around the first match. */
            snippet: components["schemas"]["SnippetPart"][];
        };
        /**
         * @description * `full` - full
         *     * `since_joining` - since_joining
         * @enum {string}
         */
        HistoryEnum: "full" | "since_joining";
        JobStatus: {
            /**
             * @description The id of the job.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            id: string;
            /**
             * @description What the job does.
             * @example erase
             */
            kind: components["schemas"]["JobStatusKindEnum"];
            /**
             * @description How much was done, by the kind of thing.
             * @example {
             *       "messages": 42
             *     }
             */
            progress: {
                [key: string]: number;
            };
            /**
             * @description The receipt of an erasure: what was removed, what stays and why. Of an export: `bytes`, `sha256`, `records`, `expires_at`, and a `url` that works for ten minutes. Null before.
             * @example {
             *       "erased_id": "erased:5kq3n7",
             *       "removed": {
             *         "messages": 42
             *       },
             *       "stays": []
             *     }
             */
            result: {
                [key: string]: unknown;
            } | null;
            /**
             * @description How far it is. `held`: a legal hold defers it; it goes on when the hold is lifted.
             * @example done
             */
            state: components["schemas"]["JobStatusStateEnum"];
        };
        /**
         * @description * `erase` - erase
         *     * `export` - export
         * @enum {string}
         */
        JobStatusKindEnum: "erase" | "export";
        /**
         * @description * `waiting` - waiting
         *     * `running` - running
         *     * `held` - held
         *     * `done` - done
         *     * `failed` - failed
         * @enum {string}
         */
        JobStatusStateEnum: "waiting" | "running" | "held" | "done" | "failed";
        /**
         * @description * `direct` - direct
         *     * `group` - group
         * @enum {string}
         */
        KindEnum: "direct" | "group";
        MarkReadRequest: {
            /**
             * @description Whether to remove your unread mark even if the read position does not move; false by default.
             * @example false
             */
            clear?: boolean;
            /**
             * Format: int64
             * @description The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
             * @example 42
             */
            seq: number;
        };
        MarkUnreadRequest: {
            /**
             * Format: int64
             * @description The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
             * @example 42
             */
            seq: number;
        };
        Me: {
            /**
             * @description Whether this is a service of the operators, and not a person.
             * @example false
             */
            is_service: boolean;
            /**
             * @description By name. The rates are per person, over REST and sockets together
             * @example {
             *       "text_characters": 10000
             *     }
             */
            limits: {
                [key: string]: number;
            };
            /**
             * @description The name of the person; null if there is none: show the user id.
             * @example Ann Lee
             */
            name: string | null;
            /**
             * @description The https URL of a picture; null if there is none.
             * @example https://example.com/ann.jpg
             */
            picture: string | null;
            /**
             * @description The number of unread messages in your 1,000 latest conversations.
             * @example 7
             */
            unread_total: number;
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        Message: {
            /** @description The files of the message. In a send: the ids of at most 10 attachments of your own, which are complete and not sent yet. */
            attachments: components["schemas"]["Attachment"][];
            /**
             * @description Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
             * @example 7f3c-1
             */
            client_id: string | null;
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            conversation_id: string;
            /**
             * Format: date-time
             * @description When it was created, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description The `version` at which the message was sent; null if unknown.
             * @example 57
             */
            created_version: number | null;
            /**
             * Format: date-time
             * @description When the message was deleted; null if it is not deleted.
             * @example null
             */
            deleted_at: string | null;
            /**
             * Format: date-time
             * @description When the text was last changed; null if it never was.
             * @example null
             */
            edited_at: string | null;
            /**
             * @description The id, an opaque string.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            id: string;
            /**
             * @description `text`: somebody wrote it; `system`: it reports a change of the conversation.
             * @example text
             */
            kind: components["schemas"]["MessageKindEnum"];
            /**
             * @description The ids of the participants that the text mentions.
             * @example [
             *       "bob"
             *     ]
             */
            mentions: string[];
            /**
             * @description Whether the message mentions everyone.
             * @example false
             */
            mentions_all: boolean;
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: date-time
             * @description When the message was pinned; null if it is not pinned.
             * @example null
             */
            pinned_at: string | null;
            /**
             * @description By emoji: the number of people, and ten of them, the first ones first.
             * @example {
             *       "👍": {
             *         "count": 1,
             *         "user_ids": [
             *           "bob"
             *         ]
             *       }
             *     }
             */
            reactions: {
                [key: string]: components["schemas"]["ReactionSummary"];
            };
            /**
             * @description The id of the message that this one replies to; null: none.
             * @example null
             */
            reply_to: string | null;
            /**
             * @description The id of the sender.
             * @example ann
             */
            sender_id: string;
            /**
             * @description The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
             * @example 42
             */
            seq: number;
            /**
             * @description The text as it was typed; null once the message is deleted.
             * @example Are you coming?
             */
            text: string | null;
            /**
             * @description The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
             * @example 57
             */
            version: number;
        };
        /**
         * @description * `text` - text
         *     * `system` - system
         * @enum {string}
         */
        MessageKindEnum: "text" | "system";
        MessagePage: {
            /**
             * @description Absent with ids
             * @example false
             */
            has_more_after?: boolean;
            /**
             * @description Absent with ids
             * @example true
             */
            has_more_before?: boolean;
            /** @description The entries of this page. */
            items: components["schemas"]["OwnMessage"][];
        };
        /**
         * @description * `all` - all
         *     * `mentions` - mentions
         *     * `none` - none
         * @enum {string}
         */
        NotifyEnum: "all" | "mentions" | "none";
        OwnMessage: {
            /** @description The files of the message. In a send: the ids of at most 10 attachments of your own, which are complete and not sent yet. */
            attachments: components["schemas"]["Attachment"][];
            /**
             * @description Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
             * @example 7f3c-1
             */
            client_id: string | null;
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            conversation_id: string;
            /**
             * Format: date-time
             * @description When it was created, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description The `version` at which the message was sent; null if unknown.
             * @example 57
             */
            created_version: number | null;
            /**
             * Format: date-time
             * @description When the message was deleted; null if it is not deleted.
             * @example null
             */
            deleted_at: string | null;
            /**
             * Format: date-time
             * @description When the text was last changed; null if it never was.
             * @example null
             */
            edited_at: string | null;
            /**
             * @description The id, an opaque string.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            id: string;
            /**
             * @description `text`: somebody wrote it; `system`: it reports a change of the conversation.
             * @example text
             */
            kind: components["schemas"]["MessageKindEnum"];
            /**
             * @description The ids of the participants that the text mentions.
             * @example [
             *       "bob"
             *     ]
             */
            mentions: string[];
            /**
             * @description Whether the message mentions everyone.
             * @example false
             */
            mentions_all: boolean;
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Your own reactions to the message.
             * @example [
             *       "👍"
             *     ]
             */
            my_reactions: string[];
            /**
             * Format: date-time
             * @description When the message was pinned; null if it is not pinned.
             * @example null
             */
            pinned_at: string | null;
            /**
             * @description By emoji: the number of people, and ten of them, the first ones first.
             * @example {
             *       "👍": {
             *         "count": 1,
             *         "user_ids": [
             *           "bob"
             *         ]
             *       }
             *     }
             */
            reactions: {
                [key: string]: components["schemas"]["ReactionSummary"];
            };
            /**
             * @description The id of the message that this one replies to; null: none.
             * @example null
             */
            reply_to: string | null;
            /**
             * @description The id of the sender.
             * @example ann
             */
            sender_id: string;
            /**
             * @description The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: the number of its latest message.
             * @example 42
             */
            seq: number;
            /**
             * @description The text as it was typed; null once the message is deleted.
             * @example Are you coming?
             */
            text: string | null;
            /**
             * @description The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: the number of its latest change.
             * @example 57
             */
            version: number;
        };
        Participant: {
            /**
             * @description The version of the conversation at which the person was last added; 0 for its first participants.
             * @example 0
             */
            joined_version: number;
            /**
             * @description `owner`, `admin` or `member`.
             * @example member
             */
            role: components["schemas"]["RoleEnum"];
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        PersonDelivery: {
            /**
             * @description Whether the message reached one of the person's devices.
             * @example true
             */
            delivered: boolean;
            /** @description Whether a push was sent, and the reason. */
            push: components["schemas"]["Push"];
            /**
             * @description Whether the person has read the message.
             * @example false
             */
            read: boolean;
            /**
             * @description `read`, `delivered`, `notified` or `pending`.
             * @example delivered
             */
            state: components["schemas"]["PersonDeliveryStateEnum"];
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        /**
         * @description * `read` - read
         *     * `delivered` - delivered
         *     * `notified` - notified
         *     * `pending` - pending
         * @enum {string}
         */
        PersonDeliveryStateEnum: "read" | "delivered" | "notified" | "pending";
        PersonPresence: {
            /**
             * Format: date-time
             * @description When the person was last active; null if unknown.
             * @example 2026-01-31T12:00:00.000Z
             */
            last_active_at: string | null;
            /**
             * @description `online`: has a socket; `reachable`: no socket, but a device that gets pushes; `offline`.
             * @example online
             */
            status: components["schemas"]["PersonPresenceStatusEnum"];
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        /**
         * @description * `online` - online
         *     * `reachable` - reachable
         *     * `offline` - offline
         * @enum {string}
         */
        PersonPresenceStatusEnum: "online" | "reachable" | "offline";
        Pins: {
            /** @description The entries of this page. */
            items: components["schemas"]["OwnMessage"][];
        };
        /**
         * @description * `android` - android
         *     * `ios` - ios
         *     * `web` - web
         * @enum {string}
         */
        PlatformEnum: "android" | "ios" | "web";
        /**
         * @description * `all` - all
         *     * `admins` - admins
         * @enum {string}
         */
        PostingEnum: "all" | "admins";
        Preferences: {
            /**
             * @description Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
             * @example false
             */
            archived: boolean;
            /**
             * @description The `seq` of the latest message when you archived the conversation; null if you did not. Clients derive `archived` from it.
             * @example null
             */
            archived_seq: number | null;
            /**
             * Format: date-time
             * @description No pushes of this conversation until then; null: pushes are on.
             * @example null
             */
            muted_until: string | null;
            /**
             * @description Which messages send a push: `all`, `mentions` or `none`.
             * @example all
             */
            notify: components["schemas"]["NotifyEnum"];
            /**
             * @description Whether you pinned the conversation in your list.
             * @example false
             */
            pinned: boolean;
        };
        PresenceList: {
            /** @description The entries of this page. */
            items: components["schemas"]["PersonPresence"][];
        };
        /** @description RFC 9457 problem details, as `application/problem+json`. */
        Problem: {
            /**
             * @description The error code, for programs: `invalid_request`, `invalid_json`, `not_authenticated`, `token_expired`, `token_revoked`, `not_a_participant`, `permission_denied`, `posting_restricted`, `refused_by_moderation`, `scope_missing`, `banned`, `blocked`, `conversation_not_found`, `message_not_found`, `not_found`, `method_not_allowed`, `not_acceptable`, `client_id_reused`, `not_uploaded`, `being_erased`, `payload_too_large`, `unsupported_media_type`, `rate_limited`, `internal_error`, `store_unavailable`, `overloaded`, `search_unavailable`. More may be added: handle an unknown code by its status.
             * @example invalid_request
             */
            code: string;
            /**
             * @description What is wrong and what to do, for people.
             * @example This field is required.
             */
            detail: string;
            /** @description What is wrong with each field; at most 20. */
            errors?: components["schemas"]["FieldError"][];
            /**
             * @description The id of the request, as in `X-Request-ID` and in the logs.
             * @example 9f86d081
             */
            request_id: string;
            /**
             * @description The HTTP status.
             * @example 400
             */
            status: number;
            /**
             * @description The kind of error, for people.
             * @example Invalid request
             */
            title: string;
            /**
             * @description A URN that contains the code.
             * @example urn:chat:problem:invalid_request
             */
            type: string;
        };
        Push: {
            /**
             * Format: date-time
             * @description When the decision was made.
             * @example 2026-01-31T12:00:00.000Z
             */
            at: string | null;
            /**
             * @description By device id: sent, or the reason why not
             * @example {
             *       "phone-1": "sent"
             *     }
             */
            devices: {
                [key: string]: string;
            };
            /**
             * @description Why a push was sent, or why not.
             * @example absent
             */
            reason: string;
            /**
             * @description `sent`, `dropped`, `failed`, or `pending` while nothing is decided. Also `pending` if a person with `private_reading` got no push because they had read the message.
             * @example sent
             */
            verdict: components["schemas"]["VerdictEnum"];
        };
        QuietHours: {
            /**
             * @description When the quiet hours begin, in their time zone.
             * @example 22:00
             */
            from: string;
            /**
             * @description The IANA name of the time zone.
             * @example Europe/Berlin
             */
            time_zone: string;
            /**
             * @description When the quiet hours end, in their time zone.
             * @example 07:00
             */
            to: string;
        };
        /** @description Refuses unknown fields, so that a misspelt name is an error and not ignored. */
        QuietHoursFieldRequest: {
            /**
             * @description When the quiet hours begin, in their time zone.
             * @example 22:00
             */
            from: string;
            /**
             * @description An IANA time zone: Europe/Berlin
             * @example Europe/Berlin
             */
            time_zone: string;
            /**
             * @description When the quiet hours end, in their time zone.
             * @example 07:00
             */
            to: string;
        };
        ReactionPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["ReactionPerson"][];
            /**
             * @description null at the end; the last page may be empty
             * @example null
             */
            next_cursor: string | null;
        };
        ReactionPerson: {
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        ReactionSummary: {
            /**
             * @description The number of people.
             * @example 3
             */
            count: number;
            /**
             * @description The ids of up to ten of these people.
             * @example [
             *       "bob"
             *     ]
             */
            user_ids: string[];
        };
        ReadPosition: {
            /**
             * @description The `seq` up to which messages reached the person's devices.
             * @example 42
             */
            delivered_seq: number;
            /**
             * @description The `seq` up to which the person has read.
             * @example 41
             */
            read_seq: number;
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        ReadReceipt: {
            /**
             * @description The `seq` up to which the person has read.
             * @example 41
             */
            read_seq: number;
            /**
             * @description The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
             * @example 1
             */
            unread_count: number;
        };
        Receipts: {
            /** @description The entries of this page. */
            items: components["schemas"]["ReadPosition"][];
        };
        RegisterDeviceRequest: {
            /**
             * @description The platform of the device: `android`, `ios` or `web`.
             * @example android
             */
            platform: components["schemas"]["PlatformEnum"];
            /**
             * @description The registration token or installation id.
             * @example dQw4w9WgXcQ:APA91b
             */
            token: string;
            /**
             * @description `token`, the default: a registration token; `installation_id`: a Firebase installation id.
             * @example token
             */
            token_kind?: components["schemas"]["TokenKindEnum"];
        };
        Report: {
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            conversation_id: string;
            /**
             * Format: date-time
             * @description When it was created, by the store's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description The id of the report.
             * @example r4t5z6u7i8o9p0a1s2d3f4g5h6
             */
            id: string;
            /**
             * @description The id of the message.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            message_id: string;
            /**
             * @description Why you report the message, in your own words.
             * @example This is spam.
             */
            reason: string;
        };
        ReportMessageRequest: {
            /**
             * @description The id of the conversation.
             * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
             */
            conversation_id: string;
            /**
             * @description The id of the message.
             * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
             */
            message_id: string;
            /**
             * @description Why you report the message, in your own words.
             * @example This is spam.
             */
            reason: string;
        };
        /**
         * @description * `owner` - owner
         *     * `admin` - admin
         *     * `member` - member
         * @enum {string}
         */
        RoleEnum: "owner" | "admin" | "member";
        SearchPage: {
            /** @description The entries of this page. */
            items: components["schemas"]["FoundMessage"][];
            /**
             * @description null at the end; a page may be short, or empty, and have a next one
             * @example null
             */
            next_cursor: string | null;
        };
        SendMessageRequest: {
            /**
             * @description The files of the message. In a send: the ids of at most 10 attachments of your own, which are complete and not sent yet.
             * @example []
             */
            attachments?: string[];
            /**
             * @description Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same `client_id` returns the result of the first request, so it is safe.
             * @example 7f3c-1
             */
            client_id?: string | null;
            /**
             * @description Only for service accounts: `system` sends a system message, whose `metadata.event` names it
             *
             *     * `text` - text
             *     * `system` - system
             * @example text
             */
            kind?: components["schemas"]["MessageKindEnum"];
            /**
             * @description The ids of the participants that the text mentions.
             * @example [
             *       "bob"
             *     ]
             */
            mentions?: string[];
            /**
             * @description Whether the message mentions everyone.
             * @example false
             */
            mentions_all?: boolean;
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description The id of the message that this one replies to; null: none.
             * @example null
             */
            reply_to?: string | null;
            /**
             * @description The text as it was typed; null once the message is deleted.
             * @example Are you coming?
             */
            text: string;
        };
        Settings: {
            /**
             * @description Who may add me to groups; others cannot see this setting
             *
             *     * `anyone` - anyone
             *     * `nobody` - nobody
             * @example anyone
             */
            added_by: components["schemas"]["AddedByEnum"];
            /**
             * @description Whether others see my read_seq as 0, in events, receipts and delivery
             * @example false
             */
            private_reading: boolean;
            /**
             * @description Whether pushes show the text, or only `New message`.
             * @example true
             */
            push_text: boolean;
            /** @description When no pushes are sent; null: never. */
            quiet_hours: components["schemas"]["QuietHours"] | null;
        };
        SetTypingRequest: {
            /**
             * @description Whether you are typing; true by default.
             * @example true
             */
            typing?: boolean;
        };
        SnippetPart: {
            /**
             * @description Whether this part is one of the words that were searched for.
             * @example true
             */
            match: boolean;
            /**
             * @description A part of the message's text, on one line.
             * @example coming
             */
            text: string;
        };
        /**
         * @description * `token` - token
         *     * `installation_id` - installation_id
         * @enum {string}
         */
        TokenKindEnum: "token" | "installation_id";
        UnreadMark: {
            /**
             * @description The `seq` of the message that you marked as unread: show a dot. null if there is none.
             * @example null
             */
            marked_unread: number | null;
            /**
             * @description The `seq` up to which the person has read.
             * @example 41
             */
            read_seq: number;
            /**
             * @description The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` ones above `read_seq`.
             * @example 1
             */
            unread_count: number;
        };
        UpdateConversationRequest: {
            /**
             * @description Only for service accounts: while it is true, only owners and admins can write
             * @example false
             */
            frozen?: boolean;
            /**
             * @description What people who are added later see of earlier messages: `full` or `since_joining`.
             * @example full
             */
            history?: components["schemas"]["HistoryEnum"];
            /**
             * @description A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.
             * @example {
             *       "topic": "tea"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /**
             * @description The https URL of a picture; null if there is none.
             * @example https://example.com/ann.jpg
             */
            picture?: string | null;
            /**
             * @description Who may send: `all`, or `admins`: owners and admins.
             * @example all
             */
            posting?: components["schemas"]["PostingEnum"];
            /**
             * @description The title of a group; null if it has none.
             * @example Tea
             */
            title?: string;
        };
        UpdateParticipantRequest: {
            /**
             * @description `owner`, `admin` or `member`.
             * @example member
             */
            role: components["schemas"]["RoleEnum"];
        };
        UpdatePreferencesRequest: {
            /**
             * @description Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
             * @example false
             */
            archived?: boolean;
            /**
             * Format: date-time
             * @description No pushes of this conversation until then; null: pushes are on.
             * @example null
             */
            muted_until?: string | null;
            /**
             * @description Which messages send a push: `all`, `mentions` or `none`.
             * @example all
             */
            notify?: components["schemas"]["NotifyEnum"];
            /**
             * @description Whether you pinned the conversation in your list.
             * @example false
             */
            pinned?: boolean;
        };
        UpdateProfileRequest: {
            /**
             * @description 1 to 100 code points on one line, with something to see; null removes it
             * @example Ann Lee
             */
            name?: string | null;
            /**
             * @description An https URL; null removes it
             * @example https://example.com/ann.jpg
             */
            picture?: string | null;
        };
        UpdateSettingsRequest: {
            /**
             * @description Who may add you to groups: `anyone` or `nobody`.
             * @example anyone
             */
            added_by?: components["schemas"]["AddedByEnum"];
            /**
             * @description Whether your read position is hidden from others.
             * @example false
             */
            private_reading?: boolean;
            /**
             * @description Whether pushes show the text, or only `New message`.
             * @example true
             */
            push_text?: boolean;
            /** @description When no pushes are sent; null: never. */
            quiet_hours?: components["schemas"]["QuietHoursFieldRequest"] | null;
        };
        Upload: {
            /**
             * Format: date-time
             * @description When the signed URL stops working.
             * @example 2026-01-31T13:00:00.000Z
             */
            expires_at: string;
            /**
             * @description The headers that the upload must have, exactly.
             * @example {
             *       "Content-Type": "image/jpeg"
             *     }
             */
            headers: {
                [key: string]: string;
            };
            /**
             * @description The method of the upload.
             * @example PUT
             */
            method: string;
            /**
             * @description The signed URL. It works without a token until `expires_at`.
             * @example https://files.example.com/f3l2e3a4t5t6a7c2h2m3e4n2t3?X-Amz-Expires=600
             */
            url: string;
        };
        User: {
            /**
             * @description Whether this is a service of the operators, and not a person.
             * @example false
             */
            is_service: boolean;
            /**
             * @description The name of the person; null if there is none: show the user id.
             * @example Ann Lee
             */
            name: string | null;
            /**
             * @description The https URL of a picture; null if there is none.
             * @example https://example.com/ann.jpg
             */
            picture: string | null;
            /**
             * @description The id of the person, as in their token.
             * @example ann
             */
            user_id: string;
        };
        Users: {
            /** @description Only people with whom you share a conversation, and services. There is no event when a name changes: keep an entry for ten minutes. */
            items: components["schemas"]["User"][];
            /**
             * @description Always null with user_ids; null at the end; the last page may be empty
             * @example null
             */
            next_cursor: string | null;
        };
        /**
         * @description * `sent` - sent
         *     * `dropped` - dropped
         *     * `failed` - failed
         *     * `pending` - pending
         * @enum {string}
         */
        VerdictEnum: "sent" | "dropped" | "failed" | "pending";
        Version: {
            /**
             * @description The text as it was typed; null once the message is deleted.
             * @example Are you coming?
             */
            text: string;
            /**
             * Format: date-time
             * @description null if it was replaced in the commit that wrote it
             * @example 2026-01-31T12:00:00.000Z
             */
            written_at: string | null;
        };
        Versions: {
            /** @description The entries of this page. */
            items: components["schemas"]["Version"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    announce_attachment: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                 *       "filename": "tea.jpg",
                 *       "content_type": "image/jpeg",
                 *       "size": 48213
                 *     }
                 */
                "application/json": components["schemas"]["AnnounceAttachmentRequest"];
            };
        };
        responses: {
            /** @description The answer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "attachment": {
                     *         "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "filename": "tea.jpg",
                     *         "content_type": "image/jpeg",
                     *         "size": 48213,
                     *         "status": "pending",
                     *         "width": 1024,
                     *         "height": 768,
                     *         "has_thumbnail": true
                     *       },
                     *       "upload": {
                     *         "method": "PUT",
                     *         "url": "https://files.example.com/f3l2e3a4t5t6a7c2h2m3e4n2t3?X-Amz-Expires=600",
                     *         "headers": {
                     *           "Content-Type": "image/jpeg"
                     *         },
                     *         "expires_at": "2026-01-31T13:00:00.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Announced"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    complete_attachment: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the attachment.
                 * @example f3l2e3a4t5t6a7c2h2m3e4n2t3
                 */
                attachment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "attachment": {
                     *         "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "filename": "tea.jpg",
                     *         "content_type": "image/jpeg",
                     *         "size": 48213,
                     *         "status": "pending",
                     *         "width": 1024,
                     *         "height": 768,
                     *         "has_thumbnail": true
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Completed"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such attachment of yours */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such attachment of yours.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The file is not uploaded */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:client_id_reused",
                     *       "title": "client_id reused",
                     *       "status": 409,
                     *       "code": "client_id_reused",
                     *       "detail": "The file is not uploaded.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_blocks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "user_id": "ann"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Blocks"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    block_person: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unblock_person: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_conversations: {
        parameters: {
            query?: {
                /**
                 * @description Whether you archived the conversation. A later message of somebody else ends it. Where you muted it, or `notify` is not `all`, only a mention does.
                 * @example false
                 */
                archived?: boolean;
                /**
                 * @description The `next_cursor` of the previous page.
                 * @example WzE3Njk4NjA4MDAsICJ4Il0=
                 */
                cursor?: string;
                /**
                 * @description * `direct` - direct
                 *     * `group` - group
                 * @example group
                 */
                kind?: "direct" | "group";
                /**
                 * @description The maximum number of entries on the page.
                 * @example 50
                 */
                limit?: number;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *           "kind": "group",
                     *           "title": "Tea",
                     *           "participants": [
                     *             {
                     *               "user_id": "ann",
                     *               "role": "member",
                     *               "joined_version": 0
                     *             }
                     *           ],
                     *           "participant_count": 3,
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "updated_at": "2026-01-31T12:00:00.000Z",
                     *           "seq": 42,
                     *           "version": 57,
                     *           "last_message": {
                     *             "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *             "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *             "seq": 42,
                     *             "version": 57,
                     *             "created_version": 57,
                     *             "kind": "text",
                     *             "sender_id": "ann",
                     *             "client_id": "7f3c-1",
                     *             "text": "Are you coming?",
                     *             "metadata": {
                     *               "topic": "tea"
                     *             },
                     *             "reply_to": null,
                     *             "mentions": [
                     *               "bob"
                     *             ],
                     *             "mentions_all": false,
                     *             "attachments": [
                     *               {
                     *                 "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *                 "filename": "tea.jpg",
                     *                 "content_type": "image/jpeg",
                     *                 "size": 48213,
                     *                 "width": 1024,
                     *                 "height": 768,
                     *                 "has_thumbnail": true
                     *               }
                     *             ],
                     *             "reactions": {
                     *               "👍": {
                     *                 "count": 1,
                     *                 "user_ids": [
                     *                   "bob"
                     *                 ]
                     *               }
                     *             },
                     *             "created_at": "2026-01-31T12:00:00.000Z",
                     *             "edited_at": null,
                     *             "deleted_at": null,
                     *             "pinned_at": null
                     *           },
                     *           "uncounted": [
                     *             [
                     *               7,
                     *               7
                     *             ],
                     *             [
                     *               30,
                     *               34
                     *             ]
                     *           ],
                     *           "metadata": {
                     *             "topic": "tea"
                     *           },
                     *           "picture": "https://example.com/ann.jpg",
                     *           "frozen": false,
                     *           "posting": "all",
                     *           "history": "full",
                     *           "system_messages": false,
                     *           "pinned_count": 0,
                     *           "unread_count": 1,
                     *           "read_seq": 41,
                     *           "mentioned_seq": null,
                     *           "marked_unread": null,
                     *           "visible_from": 1,
                     *           "muted_until": null,
                     *           "notify": "all",
                     *           "pinned": false,
                     *           "archived": false,
                     *           "archived_seq": null
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ConversationPage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_conversation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "group",
                 *       "participant_ids": [
                 *         "bob",
                 *         "cid"
                 *       ],
                 *       "title": "Tea",
                 *       "client_id": "7f3c-1",
                 *       "metadata": {
                 *         "topic": "tea"
                 *       },
                 *       "picture": "https://example.com/ann.jpg",
                 *       "posting": "all",
                 *       "history": "full",
                 *       "system_messages": false
                 *     }
                 */
                "application/json": components["schemas"]["CreateConversationRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "kind": "group",
                     *       "title": "Tea",
                     *       "participants": [
                     *         {
                     *           "user_id": "ann",
                     *           "role": "member",
                     *           "joined_version": 0
                     *         }
                     *       ],
                     *       "participant_count": 3,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "updated_at": "2026-01-31T12:00:00.000Z",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "last_message": {
                     *         "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "seq": 42,
                     *         "version": 57,
                     *         "created_version": 57,
                     *         "kind": "text",
                     *         "sender_id": "ann",
                     *         "client_id": "7f3c-1",
                     *         "text": "Are you coming?",
                     *         "metadata": {
                     *           "topic": "tea"
                     *         },
                     *         "reply_to": null,
                     *         "mentions": [
                     *           "bob"
                     *         ],
                     *         "mentions_all": false,
                     *         "attachments": [
                     *           {
                     *             "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *             "filename": "tea.jpg",
                     *             "content_type": "image/jpeg",
                     *             "size": 48213,
                     *             "width": 1024,
                     *             "height": 768,
                     *             "has_thumbnail": true
                     *           }
                     *         ],
                     *         "reactions": {
                     *           "👍": {
                     *             "count": 1,
                     *             "user_ids": [
                     *               "bob"
                     *             ]
                     *           }
                     *         },
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "edited_at": null,
                     *         "deleted_at": null,
                     *         "pinned_at": null
                     *       },
                     *       "uncounted": [
                     *         [
                     *           7,
                     *           7
                     *         ],
                     *         [
                     *           30,
                     *           34
                     *         ]
                     *       ],
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "picture": "https://example.com/ann.jpg",
                     *       "frozen": false,
                     *       "posting": "all",
                     *       "history": "full",
                     *       "system_messages": false,
                     *       "pinned_count": 0,
                     *       "unread_count": 1,
                     *       "read_seq": 41,
                     *       "mentioned_seq": null,
                     *       "marked_unread": null,
                     *       "visible_from": 1,
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null,
                     *       "added": [
                     *         "bob"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ConversationWithAdded"];
                };
            };
            /** @description The answer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "kind": "group",
                     *       "title": "Tea",
                     *       "participants": [
                     *         {
                     *           "user_id": "ann",
                     *           "role": "member",
                     *           "joined_version": 0
                     *         }
                     *       ],
                     *       "participant_count": 3,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "updated_at": "2026-01-31T12:00:00.000Z",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "last_message": {
                     *         "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "seq": 42,
                     *         "version": 57,
                     *         "created_version": 57,
                     *         "kind": "text",
                     *         "sender_id": "ann",
                     *         "client_id": "7f3c-1",
                     *         "text": "Are you coming?",
                     *         "metadata": {
                     *           "topic": "tea"
                     *         },
                     *         "reply_to": null,
                     *         "mentions": [
                     *           "bob"
                     *         ],
                     *         "mentions_all": false,
                     *         "attachments": [
                     *           {
                     *             "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *             "filename": "tea.jpg",
                     *             "content_type": "image/jpeg",
                     *             "size": 48213,
                     *             "width": 1024,
                     *             "height": 768,
                     *             "has_thumbnail": true
                     *           }
                     *         ],
                     *         "reactions": {
                     *           "👍": {
                     *             "count": 1,
                     *             "user_ids": [
                     *               "bob"
                     *             ]
                     *           }
                     *         },
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "edited_at": null,
                     *         "deleted_at": null,
                     *         "pinned_at": null
                     *       },
                     *       "uncounted": [
                     *         [
                     *           7,
                     *           7
                     *         ],
                     *         [
                     *           30,
                     *           34
                     *         ]
                     *       ],
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "picture": "https://example.com/ann.jpg",
                     *       "frozen": false,
                     *       "posting": "all",
                     *       "history": "full",
                     *       "system_messages": false,
                     *       "pinned_count": 0,
                     *       "unread_count": 1,
                     *       "read_seq": 41,
                     *       "mentioned_seq": null,
                     *       "marked_unread": null,
                     *       "visible_from": 1,
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null,
                     *       "added": [
                     *         "bob"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ConversationWithAdded"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This client_id was used with other content */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:client_id_reused",
                     *       "title": "client_id reused",
                     *       "status": 409,
                     *       "code": "client_id_reused",
                     *       "detail": "This client_id was used with other content.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_conversation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "kind": "group",
                     *       "title": "Tea",
                     *       "participants": [
                     *         {
                     *           "user_id": "ann",
                     *           "role": "member",
                     *           "joined_version": 0
                     *         }
                     *       ],
                     *       "participant_count": 3,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "updated_at": "2026-01-31T12:00:00.000Z",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "last_message": {
                     *         "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "seq": 42,
                     *         "version": 57,
                     *         "created_version": 57,
                     *         "kind": "text",
                     *         "sender_id": "ann",
                     *         "client_id": "7f3c-1",
                     *         "text": "Are you coming?",
                     *         "metadata": {
                     *           "topic": "tea"
                     *         },
                     *         "reply_to": null,
                     *         "mentions": [
                     *           "bob"
                     *         ],
                     *         "mentions_all": false,
                     *         "attachments": [
                     *           {
                     *             "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *             "filename": "tea.jpg",
                     *             "content_type": "image/jpeg",
                     *             "size": 48213,
                     *             "width": 1024,
                     *             "height": 768,
                     *             "has_thumbnail": true
                     *           }
                     *         ],
                     *         "reactions": {
                     *           "👍": {
                     *             "count": 1,
                     *             "user_ids": [
                     *               "bob"
                     *             ]
                     *           }
                     *         },
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "edited_at": null,
                     *         "deleted_at": null,
                     *         "pinned_at": null
                     *       },
                     *       "uncounted": [
                     *         [
                     *           7,
                     *           7
                     *         ],
                     *         [
                     *           30,
                     *           34
                     *         ]
                     *       ],
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "picture": "https://example.com/ann.jpg",
                     *       "frozen": false,
                     *       "posting": "all",
                     *       "history": "full",
                     *       "system_messages": false,
                     *       "pinned_count": 0,
                     *       "unread_count": 1,
                     *       "read_seq": 41,
                     *       "mentioned_seq": null,
                     *       "marked_unread": null,
                     *       "visible_from": 1,
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null
                     *     }
                     */
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_conversation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_conversation: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "title": "Tea",
                 *       "metadata": {
                 *         "topic": "tea"
                 *       },
                 *       "picture": "https://example.com/ann.jpg",
                 *       "posting": "all",
                 *       "history": "full"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateConversationRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "kind": "group",
                     *       "title": "Tea",
                     *       "participants": [
                     *         {
                     *           "user_id": "ann",
                     *           "role": "member",
                     *           "joined_version": 0
                     *         }
                     *       ],
                     *       "participant_count": 3,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "updated_at": "2026-01-31T12:00:00.000Z",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "last_message": {
                     *         "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "seq": 42,
                     *         "version": 57,
                     *         "created_version": 57,
                     *         "kind": "text",
                     *         "sender_id": "ann",
                     *         "client_id": "7f3c-1",
                     *         "text": "Are you coming?",
                     *         "metadata": {
                     *           "topic": "tea"
                     *         },
                     *         "reply_to": null,
                     *         "mentions": [
                     *           "bob"
                     *         ],
                     *         "mentions_all": false,
                     *         "attachments": [
                     *           {
                     *             "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *             "filename": "tea.jpg",
                     *             "content_type": "image/jpeg",
                     *             "size": 48213,
                     *             "width": 1024,
                     *             "height": 768,
                     *             "has_thumbnail": true
                     *           }
                     *         ],
                     *         "reactions": {
                     *           "👍": {
                     *             "count": 1,
                     *             "user_ids": [
                     *               "bob"
                     *             ]
                     *           }
                     *         },
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "edited_at": null,
                     *         "deleted_at": null,
                     *         "pinned_at": null
                     *       },
                     *       "uncounted": [
                     *         [
                     *           7,
                     *           7
                     *         ],
                     *         [
                     *           30,
                     *           34
                     *         ]
                     *       ],
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "picture": "https://example.com/ann.jpg",
                     *       "frozen": false,
                     *       "posting": "all",
                     *       "history": "full",
                     *       "system_messages": false,
                     *       "pinned_count": 0,
                     *       "unread_count": 1,
                     *       "read_seq": 41,
                     *       "mentioned_seq": null,
                     *       "marked_unread": null,
                     *       "visible_from": 1,
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null
                     *     }
                     */
                    "application/json": components["schemas"]["Conversation"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_attachments: {
        parameters: {
            query?: {
                /**
                 * @description The `next_cursor` of the previous page.
                 * @example WzE3Njk4NjA4MDAsICJ4Il0=
                 */
                cursor?: string;
                /**
                 * @description Ids of attachments, separated by commas; then nothing is paged
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                ids?: string;
                /**
                 * @description The maximum number of entries on the page.
                 * @example 50
                 */
                limit?: number;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "message_id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *           "seq": 42,
                     *           "sender_id": "ann",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "url": "https://files.example.com/f3l2e3a4t5t6a7c2h2m3e4n2t3?X-Amz-Expires=600",
                     *           "thumbnail_url": "https://files.example.com/f3l2e3a4t5t6a7c2h2m3e4n2t3.thumbnail?X-Amz-Expires=600",
                     *           "expires_at": "2026-01-31T13:00:00.000Z"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["FilePage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_changes: {
        parameters: {
            query: {
                /**
                 * @description The maximum number of entries on the page.
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description The `version` that you already have.
                 * @example 56
                 */
                since: number;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "messages": [
                     *         {
                     *           "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *           "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *           "seq": 42,
                     *           "version": 57,
                     *           "created_version": 57,
                     *           "kind": "text",
                     *           "sender_id": "ann",
                     *           "client_id": "7f3c-1",
                     *           "text": "Are you coming?",
                     *           "metadata": {
                     *             "topic": "tea"
                     *           },
                     *           "reply_to": null,
                     *           "mentions": [
                     *             "bob"
                     *           ],
                     *           "mentions_all": false,
                     *           "attachments": [
                     *             {
                     *               "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *               "filename": "tea.jpg",
                     *               "content_type": "image/jpeg",
                     *               "size": 48213,
                     *               "width": 1024,
                     *               "height": 768,
                     *               "has_thumbnail": true
                     *             }
                     *           ],
                     *           "reactions": {
                     *             "👍": {
                     *               "count": 1,
                     *               "user_ids": [
                     *                 "bob"
                     *               ]
                     *             }
                     *           },
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "edited_at": null,
                     *           "deleted_at": null,
                     *           "pinned_at": null,
                     *           "my_reactions": [
                     *             "👍"
                     *           ]
                     *         }
                     *       ],
                     *       "conversation": {
                     *         "id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "kind": "group",
                     *         "title": "Tea",
                     *         "participants": [
                     *           {
                     *             "user_id": "ann",
                     *             "role": "member",
                     *             "joined_version": 0
                     *           }
                     *         ],
                     *         "participant_count": 3,
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "updated_at": "2026-01-31T12:00:00.000Z",
                     *         "seq": 42,
                     *         "version": 57,
                     *         "last_message": {
                     *           "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *           "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *           "seq": 42,
                     *           "version": 57,
                     *           "created_version": 57,
                     *           "kind": "text",
                     *           "sender_id": "ann",
                     *           "client_id": "7f3c-1",
                     *           "text": "Are you coming?",
                     *           "metadata": {
                     *             "topic": "tea"
                     *           },
                     *           "reply_to": null,
                     *           "mentions": [
                     *             "bob"
                     *           ],
                     *           "mentions_all": false,
                     *           "attachments": [
                     *             {
                     *               "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *               "filename": "tea.jpg",
                     *               "content_type": "image/jpeg",
                     *               "size": 48213,
                     *               "width": 1024,
                     *               "height": 768,
                     *               "has_thumbnail": true
                     *             }
                     *           ],
                     *           "reactions": {
                     *             "👍": {
                     *               "count": 1,
                     *               "user_ids": [
                     *                 "bob"
                     *               ]
                     *             }
                     *           },
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "edited_at": null,
                     *           "deleted_at": null,
                     *           "pinned_at": null
                     *         },
                     *         "uncounted": [
                     *           [
                     *             7,
                     *             7
                     *           ],
                     *           [
                     *             30,
                     *             34
                     *           ]
                     *         ],
                     *         "metadata": {
                     *           "topic": "tea"
                     *         },
                     *         "picture": "https://example.com/ann.jpg",
                     *         "frozen": false,
                     *         "posting": "all",
                     *         "history": "full",
                     *         "system_messages": false,
                     *         "pinned_count": 0,
                     *         "unread_count": 1,
                     *         "read_seq": 41,
                     *         "mentioned_seq": null,
                     *         "marked_unread": null,
                     *         "visible_from": 1,
                     *         "muted_until": null,
                     *         "notify": "all",
                     *         "pinned": false,
                     *         "archived": false,
                     *         "archived_seq": null
                     *       },
                     *       "version": 57,
                     *       "more": false,
                     *       "epoch": "5kq3n7"
                     *     }
                     */
                    "application/json": components["schemas"]["Changes"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_messages: {
        parameters: {
            query?: {
                /**
                 * @description Only messages after this `seq`, exclusive.
                 * @example 40
                 */
                after?: number;
                /**
                 * @description A page around this `seq`, inclusive.
                 * @example 42
                 */
                around?: number;
                /**
                 * @description Only messages before this `seq`, exclusive.
                 * @example 43
                 */
                before?: number;
                /**
                 * @description Message ids, separated by commas
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                ids?: string;
                /**
                 * @description The maximum number of entries on the page.
                 * @example 50
                 */
                limit?: number;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *           "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *           "seq": 42,
                     *           "version": 57,
                     *           "created_version": 57,
                     *           "kind": "text",
                     *           "sender_id": "ann",
                     *           "client_id": "7f3c-1",
                     *           "text": "Are you coming?",
                     *           "metadata": {
                     *             "topic": "tea"
                     *           },
                     *           "reply_to": null,
                     *           "mentions": [
                     *             "bob"
                     *           ],
                     *           "mentions_all": false,
                     *           "attachments": [
                     *             {
                     *               "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *               "filename": "tea.jpg",
                     *               "content_type": "image/jpeg",
                     *               "size": 48213,
                     *               "width": 1024,
                     *               "height": 768,
                     *               "has_thumbnail": true
                     *             }
                     *           ],
                     *           "reactions": {
                     *             "👍": {
                     *               "count": 1,
                     *               "user_ids": [
                     *                 "bob"
                     *               ]
                     *             }
                     *           },
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "edited_at": null,
                     *           "deleted_at": null,
                     *           "pinned_at": null,
                     *           "my_reactions": [
                     *             "👍"
                     *           ]
                     *         }
                     *       ],
                     *       "has_more_before": true,
                     *       "has_more_after": false
                     *     }
                     */
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_message: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "Are you coming?",
                 *       "client_id": "7f3c-1",
                 *       "reply_to": null,
                 *       "mentions": [
                 *         "bob"
                 *       ],
                 *       "mentions_all": false,
                 *       "metadata": {
                 *         "topic": "tea"
                 *       },
                 *       "attachments": []
                 *     }
                 */
                "application/json": components["schemas"]["SendMessageRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The answer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This client_id was used with other content */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:client_id_reused",
                     *       "title": "client_id reused",
                     *       "status": 409,
                     *       "code": "client_id_reused",
                     *       "detail": "This client_id was used with other content.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_message: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_message: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    /** @description The `version` of the deletion. */
                    "Chat-Version"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    edit_message: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "text": "Are you coming?",
                 *       "metadata": {
                 *         "topic": "tea"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["EditMessageRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_delivery: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "user_id": "ann",
                     *           "state": "delivered",
                     *           "delivered": true,
                     *           "read": false,
                     *           "push": {
                     *             "verdict": "sent",
                     *             "reason": "absent",
                     *             "at": "2026-01-31T12:00:00.000Z",
                     *             "devices": {
                     *               "phone-1": "sent"
                     *             }
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pin_message: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unpin_message: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_reactions: {
        parameters: {
            query?: {
                /**
                 * @description The `next_cursor` of the previous page.
                 * @example WzE3Njk4NjA4MDAsICJ4Il0=
                 */
                cursor?: string;
                /**
                 * @description The maximum number of entries on the page.
                 * @example 50
                 */
                limit?: number;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.
                 * @example 👍
                 */
                emoji: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "user_id": "ann"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ReactionPage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_reaction: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.
                 * @example 👍
                 */
                emoji: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_reaction: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.
                 * @example 👍
                 */
                emoji: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "created_version": 57,
                     *       "kind": "text",
                     *       "sender_id": "ann",
                     *       "client_id": "7f3c-1",
                     *       "text": "Are you coming?",
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "reply_to": null,
                     *       "mentions": [
                     *         "bob"
                     *       ],
                     *       "mentions_all": false,
                     *       "attachments": [
                     *         {
                     *           "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *           "filename": "tea.jpg",
                     *           "content_type": "image/jpeg",
                     *           "size": 48213,
                     *           "width": 1024,
                     *           "height": 768,
                     *           "has_thumbnail": true
                     *         }
                     *       ],
                     *       "reactions": {
                     *         "👍": {
                     *           "count": 1,
                     *           "user_ids": [
                     *             "bob"
                     *           ]
                     *         }
                     *       },
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "edited_at": null,
                     *       "deleted_at": null,
                     *       "pinned_at": null,
                     *       "my_reactions": [
                     *         "👍"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OwnMessage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the message.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                message_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "text": "Are you coming?",
                     *           "written_at": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Versions"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_participants: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "user_ids": [
                 *         "bob",
                 *         "cid"
                 *       ],
                 *       "role": "member"
                 *     }
                 */
                "application/json": components["schemas"]["AddParticipantsRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "kind": "group",
                     *       "title": "Tea",
                     *       "participants": [
                     *         {
                     *           "user_id": "ann",
                     *           "role": "member",
                     *           "joined_version": 0
                     *         }
                     *       ],
                     *       "participant_count": 3,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "updated_at": "2026-01-31T12:00:00.000Z",
                     *       "seq": 42,
                     *       "version": 57,
                     *       "last_message": {
                     *         "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *         "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *         "seq": 42,
                     *         "version": 57,
                     *         "created_version": 57,
                     *         "kind": "text",
                     *         "sender_id": "ann",
                     *         "client_id": "7f3c-1",
                     *         "text": "Are you coming?",
                     *         "metadata": {
                     *           "topic": "tea"
                     *         },
                     *         "reply_to": null,
                     *         "mentions": [
                     *           "bob"
                     *         ],
                     *         "mentions_all": false,
                     *         "attachments": [
                     *           {
                     *             "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *             "filename": "tea.jpg",
                     *             "content_type": "image/jpeg",
                     *             "size": 48213,
                     *             "width": 1024,
                     *             "height": 768,
                     *             "has_thumbnail": true
                     *           }
                     *         ],
                     *         "reactions": {
                     *           "👍": {
                     *             "count": 1,
                     *             "user_ids": [
                     *               "bob"
                     *             ]
                     *           }
                     *         },
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "edited_at": null,
                     *         "deleted_at": null,
                     *         "pinned_at": null
                     *       },
                     *       "uncounted": [
                     *         [
                     *           7,
                     *           7
                     *         ],
                     *         [
                     *           30,
                     *           34
                     *         ]
                     *       ],
                     *       "metadata": {
                     *         "topic": "tea"
                     *       },
                     *       "picture": "https://example.com/ann.jpg",
                     *       "frozen": false,
                     *       "posting": "all",
                     *       "history": "full",
                     *       "system_messages": false,
                     *       "pinned_count": 0,
                     *       "unread_count": 1,
                     *       "read_seq": 41,
                     *       "mentioned_seq": null,
                     *       "marked_unread": null,
                     *       "visible_from": 1,
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null,
                     *       "added": [
                     *         "bob"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ConversationWithAdded"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_participant: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_participant: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "member"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateParticipantRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user_id": "ann",
                     *       "role": "member",
                     *       "joined_version": 0
                     *     }
                     */
                    "application/json": components["schemas"]["Participant"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_pins: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *           "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *           "seq": 42,
                     *           "version": 57,
                     *           "created_version": 57,
                     *           "kind": "text",
                     *           "sender_id": "ann",
                     *           "client_id": "7f3c-1",
                     *           "text": "Are you coming?",
                     *           "metadata": {
                     *             "topic": "tea"
                     *           },
                     *           "reply_to": null,
                     *           "mentions": [
                     *             "bob"
                     *           ],
                     *           "mentions_all": false,
                     *           "attachments": [
                     *             {
                     *               "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *               "filename": "tea.jpg",
                     *               "content_type": "image/jpeg",
                     *               "size": 48213,
                     *               "width": 1024,
                     *               "height": 768,
                     *               "has_thumbnail": true
                     *             }
                     *           ],
                     *           "reactions": {
                     *             "👍": {
                     *               "count": 1,
                     *               "user_ids": [
                     *                 "bob"
                     *               ]
                     *             }
                     *           },
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "edited_at": null,
                     *           "deleted_at": null,
                     *           "pinned_at": null,
                     *           "my_reactions": [
                     *             "👍"
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Pins"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_conversation_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null
                     *     }
                     */
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_conversation_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "muted_until": null,
                 *       "notify": "all",
                 *       "pinned": false,
                 *       "archived": false
                 *     }
                 */
                "application/json": components["schemas"]["UpdatePreferencesRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "muted_until": null,
                     *       "notify": "all",
                     *       "pinned": false,
                     *       "archived": false,
                     *       "archived_seq": null
                     *     }
                     */
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mark_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seq": 42,
                 *       "clear": false
                 *     }
                 */
                "application/json": components["schemas"]["MarkReadRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "read_seq": 41,
                     *       "unread_count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["ReadReceipt"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_receipts: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "user_id": "ann",
                     *           "read_seq": 41,
                     *           "delivered_seq": 42
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Receipts"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_typing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "typing": true
                 *     }
                 */
                "application/json": components["schemas"]["SetTypingRequest"];
            };
        };
        responses: {
            /** @description No response body */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mark_unread: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seq": 42
                 *     }
                 */
                "application/json": components["schemas"]["MarkUnreadRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "read_seq": 41,
                     *       "unread_count": 1,
                     *       "marked_unread": null
                     *     }
                     */
                    "application/json": components["schemas"]["UnreadMark"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unmark_unread: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path: {
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_development_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "user_id": "ann",
                 *       "expires_in": 3600,
                 *       "name": "Ann Lee",
                 *       "picture": "https://example.com/ann.jpg"
                 *     }
                 */
                "application/json": components["schemas"]["CreateDevelopmentTokenRequest"];
            };
        };
        responses: {
            /** @description The answer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "token": "WyJhbm4iLDE3Njk4NjA4MDBd.c2lnbmF0dXJl",
                     *       "expires_at": "2026-01-31T13:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["DevelopmentToken"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_devices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "phone-1",
                     *           "token": "dQw4w9WgXcQ:APA91b",
                     *           "token_kind": "token",
                     *           "platform": "android",
                     *           "registered_at": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Devices"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Your own id of the device.
                 * @example phone-1
                 */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "token": "dQw4w9WgXcQ:APA91b",
                 *       "token_kind": "token",
                 *       "platform": "android"
                 *     }
                 */
                "application/json": components["schemas"]["RegisterDeviceRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "phone-1",
                     *       "token": "dQw4w9WgXcQ:APA91b",
                     *       "token_kind": "token",
                     *       "platform": "android",
                     *       "registered_at": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Device"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such device */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such device.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Your own id of the device.
                 * @example phone-1
                 */
                device_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such device */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such device.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the job.
                 * @example a1s2d3f4g5h6j7k8l9z0x1c2v3
                 */
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "kind": "erase",
                     *       "state": "done",
                     *       "progress": {
                     *         "messages": 42
                     *       },
                     *       "result": {
                     *         "erased_id": "erased:5kq3n7",
                     *         "removed": {
                     *           "messages": 42
                     *         },
                     *         "stays": []
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["JobStatus"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a service account, or without the scope */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a service account, or without the scope.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such job of this service account */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such job of this service account.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user_id": "ann",
                     *       "name": "Ann Lee",
                     *       "picture": "https://example.com/ann.jpg",
                     *       "is_service": false,
                     *       "limits": {
                     *         "text_characters": 10000
                     *       },
                     *       "unread_total": 7
                     *     }
                     */
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "Ann Lee",
                 *       "picture": "https://example.com/ann.jpg"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateProfileRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user_id": "ann",
                     *       "name": "Ann Lee",
                     *       "picture": "https://example.com/ann.jpg",
                     *       "is_service": false,
                     *       "limits": {
                     *         "text_characters": 10000
                     *       },
                     *       "unread_total": 7
                     *     }
                     */
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "quiet_hours": {
                     *         "time_zone": "Europe/Berlin",
                     *         "to": "07:00",
                     *         "from": "22:00"
                     *       },
                     *       "push_text": true,
                     *       "private_reading": false,
                     *       "added_by": "anyone"
                     *     }
                     */
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    update_preferences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "quiet_hours": {
                 *         "time_zone": "Europe/Berlin",
                 *         "from": "22:00",
                 *         "to": "07:00"
                 *       },
                 *       "push_text": true,
                 *       "private_reading": false,
                 *       "added_by": "anyone"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateSettingsRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "quiet_hours": {
                     *         "time_zone": "Europe/Berlin",
                     *         "to": "07:00",
                     *         "from": "22:00"
                     *       },
                     *       "push_text": true,
                     *       "private_reading": false,
                     *       "added_by": "anyone"
                     *     }
                     */
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out_everywhere: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No response body */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_presence: {
        parameters: {
            query: {
                /**
                 * @description User ids, separated by commas
                 * @example bob,cid
                 */
                user_ids: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "user_id": "ann",
                     *           "status": "online",
                     *           "last_active_at": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PresenceList"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Banned, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Banned, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report_message: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                 *       "message_id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                 *       "reason": "This is spam."
                 *     }
                 */
                "application/json": components["schemas"]["ReportMessageRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "r4t5z6u7i8o9p0a1s2d3f4g5h6",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "message_id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "reason": "This is spam.",
                     *       "created_at": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description The answer */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "r4t5z6u7i8o9p0a1s2d3f4g5h6",
                     *       "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *       "message_id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *       "reason": "This is spam.",
                     *       "created_at": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search_messages: {
        parameters: {
            query: {
                /**
                 * @description Only messages sent after this time
                 * @example 2026-01-31T12:00:00.000Z
                 */
                after?: string;
                /**
                 * @description Only messages sent before this time
                 * @example 2026-01-31T13:00:00.000Z
                 */
                before?: string;
                /**
                 * @description The id of the conversation.
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id?: string;
                /**
                 * @description The `next_cursor` of the previous page.
                 * @example WzE3Njk4NjA4MDAsICJ4Il0=
                 */
                cursor?: string;
                /**
                 * @description The maximum number of entries on the page.
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description Words that the message has, all of them. The last one may be the beginning of a word. Words in "quotes" must follow each other. Case and accents do not matter
                 * @example coming
                 */
                q: string;
                /**
                 * @description Only messages of this person
                 * @example ann
                 */
                sender_id?: string;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    /** @description How many seconds the index is behind; absent if it is not. */
                    "X-Search-Behind"?: number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "message": {
                     *             "id": "a1s2d3f4g5h6j7k8l9z0x1c2v3",
                     *             "conversation_id": "q2m6v5b4x3n7k8j9h0g1f2d3s4",
                     *             "seq": 42,
                     *             "version": 57,
                     *             "created_version": 57,
                     *             "kind": "text",
                     *             "sender_id": "ann",
                     *             "client_id": "7f3c-1",
                     *             "text": "Are you coming?",
                     *             "metadata": {
                     *               "topic": "tea"
                     *             },
                     *             "reply_to": null,
                     *             "mentions": [
                     *               "bob"
                     *             ],
                     *             "mentions_all": false,
                     *             "attachments": [
                     *               {
                     *                 "id": "f3l2e3a4t5t6a7c2h2m3e4n2t3",
                     *                 "filename": "tea.jpg",
                     *                 "content_type": "image/jpeg",
                     *                 "size": 48213,
                     *                 "width": 1024,
                     *                 "height": 768,
                     *                 "has_thumbnail": true
                     *               }
                     *             ],
                     *             "reactions": {
                     *               "👍": {
                     *                 "count": 1,
                     *                 "user_ids": [
                     *                   "bob"
                     *                 ]
                     *               }
                     *             },
                     *             "created_at": "2026-01-31T12:00:00.000Z",
                     *             "edited_at": null,
                     *             "deleted_at": null,
                     *             "pinned_at": null,
                     *             "my_reactions": [
                     *               "👍"
                     *             ]
                     *           },
                     *           "snippet": [
                     *             {
                     *               "text": "coming",
                     *               "match": true
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["SearchPage"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /**
                 * @description Its people, and those who left it
                 * @example q2m6v5b4x3n7k8j9h0g1f2d3s4
                 */
                conversation_id?: string;
                /**
                 * @description Only with conversation_id
                 * @example WzE3Njk4NjA4MDAsICJ4Il0=
                 */
                cursor?: string;
                /**
                 * @description Only with conversation_id; 100 by default
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description At most 100 user ids with commas between
                 * @example bob,cid
                 */
                user_ids?: string;
            };
            header?: {
                /**
                 * @description Only with the token of a service account that has the scope `act_as`: the user id of the person on whose behalf it acts.
                 * @example alice
                 */
                "Chat-Act-As"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "user_id": "ann",
                     *           "name": "Ann Lee",
                     *           "picture": "https://example.com/ann.jpg",
                     *           "is_service": false
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["Users"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a participant, or not allowed */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a participant, or not allowed.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such conversation, message or participant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:conversation_not_found",
                     *       "title": "Conversation not found",
                     *       "status": 404,
                     *       "code": "conversation_not_found",
                     *       "detail": "No such conversation, message or participant.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_profile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "Ann Lee",
                 *       "picture": "https://example.com/ann.jpg"
                 *     }
                 */
                "application/json": components["schemas"]["UpdateProfileRequest"];
            };
        };
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "user_id": "ann",
                     *       "name": "Ann Lee",
                     *       "picture": "https://example.com/ann.jpg",
                     *       "is_service": false
                     *     }
                     */
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a service account, or without the scope */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a service account, or without the scope.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    erase_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "a1s2d3f4g5h6j7k8l9z0x1c2v3"
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedJob"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a service account, or without the scope */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a service account, or without the scope.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the person, as in their token.
                 * @example ann
                 */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job_id": "a1s2d3f4g5h6j7k8l9z0x1c2v3"
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedJob"];
                };
            };
            /** @description The request is malformed */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:invalid_request",
                     *       "title": "Invalid request",
                     *       "status": 400,
                     *       "code": "invalid_request",
                     *       "detail": "The request is malformed.",
                     *       "request_id": "9f86d081",
                     *       "errors": [
                     *         {
                     *           "field": "text",
                     *           "code": "required",
                     *           "detail": "This field is required."
                     *         }
                     *       ]
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The token is missing or not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_authenticated",
                     *       "title": "Not authenticated",
                     *       "status": 401,
                     *       "code": "not_authenticated",
                     *       "detail": "The token is missing or not valid.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a service account, or without the scope */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_a_participant",
                     *       "title": "Not a participant",
                     *       "status": 403,
                     *       "code": "not_a_participant",
                     *       "detail": "Not a service account, or without the scope.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only JSON is available */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:not_acceptable",
                     *       "title": "Not acceptable",
                     *       "status": 406,
                     *       "code": "not_acceptable",
                     *       "detail": "Only JSON is available.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:payload_too_large",
                     *       "title": "Payload too large",
                     *       "status": 413,
                     *       "code": "payload_too_large",
                     *       "detail": "The body is too large.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:unsupported_media_type",
                     *       "title": "Unsupported media type",
                     *       "status": 415,
                     *       "code": "unsupported_media_type",
                     *       "detail": "The body is not JSON.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A rate limit is exceeded; retry after Retry-After */
            429: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:rate_limited",
                     *       "title": "Rate limited",
                     *       "status": 429,
                     *       "code": "rate_limited",
                     *       "detail": "A rate limit is exceeded; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:internal_error",
                     *       "title": "Internal error",
                     *       "status": 500,
                     *       "code": "internal_error",
                     *       "detail": "An internal error.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store is unavailable; retry after Retry-After */
            503: {
                headers: {
                    /**
                     * @description Seconds to wait before the next attempt
                     * @example 2
                     */
                    "Retry-After": number;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "urn:chat:problem:store_unavailable",
                     *       "title": "Store unavailable",
                     *       "status": 503,
                     *       "code": "store_unavailable",
                     *       "detail": "The store is unavailable; retry after Retry-After.",
                     *       "request_id": "9f86d081"
                     *     }
                     */
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}

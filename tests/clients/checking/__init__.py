"""The suite that checks a client written by anybody, in any language, against docs/socket.md.

`subject` is the client under test, a process that is spoken to by lines of JSON; `wire` lies
between it and the server and does to its connections what networks and servers do; `stage` has the
servers, the other people and the truth of the store (`truth`); the scenarios stand in
`scenarios`, one file for each part of the rules; `runner` plays them.
"""

//! Tests of resourceful, by behaviour. Sockets only in `server/`, where they are the subject.

mod fixture;

mod answers;
mod input;
mod resource;
mod routing;
mod server;
mod tower;
mod ui;

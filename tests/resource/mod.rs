//! Resources and class views, with the macros and without.

mod aliases;
mod by_hand;
mod conditional;
mod crud;
mod extra;
mod functions;
mod nested;
mod views;

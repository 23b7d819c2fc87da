//! What a user's tests say of a whole application in one line each.

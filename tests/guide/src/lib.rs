//! The README and the guide: their examples are compiled, and run where they can.

macro_rules! documents {
    ($($name:ident: $path:literal,)*) => {
        $(#[cfg(doctest)]
        #[doc = include_str!($path)]
        struct $name;)*
    };
}

documents! {
    Readme: "../../../README.md",
    Resources: "../../../docs/guide/resources.md",
    Callers: "../../../docs/guide/callers.md",
    Rows: "../../../docs/guide/rows.md",
    Answers: "../../../docs/guide/answers.md",
    Views: "../../../docs/guide/views.md",
    Composition: "../../../docs/guide/composition.md",
    Browsers: "../../../docs/guide/browsers.md",
    OpenApi: "../../../docs/guide/openapi.md",
    Errors: "../../../docs/guide/errors.md",
    Upstream: "../../../docs/guide/upstream.md",
    Clients: "../../../docs/guide/clients.md",
    Webhooks: "../../../docs/guide/webhooks.md",
    Tables: "../../../docs/guide/tables.md",
    Databases: "../../../docs/guide/databases.md",
    Caching: "../../../docs/guide/caching.md",
    Blocking: "../../../docs/guide/blocking.md",
    Bulk: "../../../docs/guide/bulk.md",
    Live: "../../../docs/guide/live.md",
    Cookies: "../../../docs/guide/cookies.md",
    Files: "../../../docs/guide/files.md",
    Again: "../../../docs/guide/again.md",
    Machines: "../../../docs/guide/machines.md",
    Operations: "../../../docs/guide/operations.md",
}

//! Directories of static files: what is served, and what is refused.

use std::fs;
use std::path::Path;

use http::Method;
use resourceful::StaticFiles;
use resourceful::prelude::*;
use tempfile::{TempDir, tempdir};

use super::write;
use crate::fixture::hello;

/// `root/` is served, and `secret/` lies beside it.
fn site() -> TempDir {
    let directory = tempdir().unwrap();
    let root = directory.path().join("root");
    for folder in ["root/docs", "root/empty", "root/.git", "root/a b", "secret"] {
        fs::create_dir_all(directory.path().join(folder)).unwrap();
    }
    for (name, content) in [
        ("index.html", "home"),
        ("app.js", "code"),
        ("docs/index.html", "docs"),
        ("docs/page.html", "page"),
        (".env", "secret"),
        (".git/config", "secret"),
        ("a b/\u{fc}.txt", "umlaut"),
        ("100%.txt", "percent"),
    ] {
        write(&root.join(name), content);
    }
    write(&directory.path().join("secret/key.txt"), "secret");
    directory
}

fn files(directory: &TempDir) -> StaticFiles {
    StaticFiles::new(directory.path().join("root"))
}

fn client(directory: &TempDir) -> TestClient {
    TestClient::new(App::new().files("/static", public(files(directory)))).unwrap()
}

#[tokio::test]
async fn files_and_their_directories_are_served() {
    let directory = site();
    let client = client(&directory);
    for (path, expected, content_type) in [
        ("/static/", "home", "text/html; charset=utf-8"),
        ("/static/index.html", "home", "text/html; charset=utf-8"),
        ("/static/app.js", "code", "text/javascript; charset=utf-8"),
        (
            "/static/app%2Ejs?v=1",
            "code",
            "text/javascript; charset=utf-8",
        ),
        ("/static/docs/", "docs", "text/html; charset=utf-8"),
        ("/static/docs/page.html", "page", "text/html; charset=utf-8"),
        (
            "/static/a%20b/%C3%BC.txt",
            "umlaut",
            "text/plain; charset=utf-8",
        ),
        ("/static/100%25.txt", "percent", "text/plain; charset=utf-8"),
    ] {
        let response = client.get(path).await;
        assert_eq!(
            (response.status().as_u16(), response.text()),
            (200, expected),
            "{path}"
        );
        assert_eq!(response.headers()["content-type"], content_type, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(!response.headers().contains_key("content-disposition"));
    }
    let part = client
        .get("/static/app.js")
        .header("range", "bytes=0-1")
        .await;
    assert_eq!((part.status().as_u16(), part.text()), (206, "co"));
    let known = client.get("/static/").header("if-none-match", "*").await;
    assert_eq!(known.status(), 304);
    assert_eq!(known.headers()["cache-control"], "no-cache");
}

#[tokio::test]
async fn only_get_and_head_are_served() {
    let directory = site();
    let client = client(&directory);
    let head = client.request(Method::HEAD, "/static/app.js").await;
    assert_eq!((head.status().as_u16(), head.text()), (200, ""));
    assert_eq!(head.headers()["content-length"], "4");
    for response in [
        client.post("/static/app.js").await,
        client.put("/static/new.js").body("x").await,
        client.delete("/static/app.js").await,
    ] {
        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
    }
}

#[tokio::test]
async fn a_directory_has_a_last_slash() {
    let directory = site();
    let client = client(&directory);
    for (path, location) in [
        ("/static", "/static/"),
        ("/static/docs", "/static/docs/"),
        ("/static/docs?a=b%20c", "/static/docs/?a=b%20c"),
        ("/static/a%20b", "/static/a%20b/"),
    ] {
        let response = client.get(path).await;
        assert_eq!(response.status(), 308, "{path}");
        assert_eq!(response.headers()["location"], location);
    }
    // No listing, and a file is no directory.
    for path in [
        "/static/empty/",
        "/static/app.js/",
        "/static/docs/page.html/",
    ] {
        assert_eq!(client.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_redirect_knows_the_prefix_of_the_application() {
    let directory = site();
    let inner = App::new().files("/static", public(files(&directory)));
    let client = TestClient::new(inner.root_path("/api")).unwrap();
    let response = client.get("/static/docs").await;
    assert_eq!(response.headers()["location"], "/api/static/docs/");
}

#[tokio::test]
async fn no_path_leads_out_of_the_directory() {
    let directory = site();
    let client = client(&directory);
    for path in [
        // Dots are refused before routing.
        "/static/../secret/key.txt",
        "/static/%2e%2e/secret/key.txt",
        "/static/docs/../../secret/key.txt",
        "/static/..%2fsecret/key.txt",
        "/static/%2e%2e%2fsecret%2fkey.txt",
        "/static/./app.js",
        // Bytes that a file name cannot have.
        "/static/app.js%00",
        "/static/app.js%00.html",
        "/static/%ff.txt",
        "/static/%",
        // Separators inside a segment.
        "/static/docs%2fpage.html",
        "/static/docs%2Fpage.html",
        "/static/docs%5cpage.html",
        "/static/..%5c..%5csecret%5ckey.txt",
        "/static/%252e%252e/secret/key.txt",
        "/static/..%c0%afsecret/key.txt",
        // Absolute paths.
        "/static//etc/passwd",
        "/static///etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/C:/boot.ini",
        "/static/C:%5cboot.ini",
        "/static/docs//page.html",
        "/static/docs//",
        "/static//",
        // Hidden files.
        "/static/.env",
        "/static/%2eenv",
        "/static/.git/config",
        "/static/.git/",
        "/static/.git",
        "/static/...",
        "/static/docs/.../page.html",
        // Names that nobody has.
        "/static/none",
        "/static/app.js/none",
        "/static/none/none",
    ] {
        let response = client.get(path).await;
        let status = response.status().as_u16();
        assert!(matches!(status, 400 | 404), "{path}: {status}");
        assert!(!response.text().contains("secret"), "{path}");
        assert!(
            !response.text().contains(directory.path().to_str().unwrap()),
            "{path}"
        );
    }
    let long = client.get(&format!("/static/{}", "x".repeat(4000))).await;
    assert_eq!(long.status(), 404);
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_inside_alone() {
    use std::os::unix::fs::symlink;

    let directory = site();
    let root = directory.path().join("root");
    let secret = directory.path().join("secret");
    symlink("app.js", root.join("inside.js")).unwrap();
    symlink("../app.js", root.join("docs/up.js")).unwrap();
    symlink("docs", root.join("manual")).unwrap();
    let client = client(&directory);
    for (path, expected) in [
        ("inside.js", "code"),
        ("docs/up.js", "code"),
        ("manual/", "docs"),
    ] {
        let response = client.get(&format!("/static/{path}")).await;
        assert_eq!(
            (response.status().as_u16(), response.text()),
            (200, expected),
            "{path}"
        );
    }

    symlink("../secret/key.txt", root.join("relative.txt")).unwrap();
    symlink(secret.join("key.txt"), root.join("absolute.txt")).unwrap();
    symlink(root.join("app.js"), root.join("absolute-inside.js")).unwrap();
    symlink("../secret", root.join("parent")).unwrap();
    symlink("../../secret", root.join("docs/parent")).unwrap();
    symlink("../secret/key.txt", root.join("empty/index.html")).unwrap();
    symlink("relative.txt", root.join("twice.txt")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("/dev/zero", root.join("device")).unwrap();
    symlink("/proc/self/environ", root.join("environment")).unwrap();
    for path in [
        "relative.txt",
        "absolute.txt",
        "absolute-inside.js",
        "parent/key.txt",
        "parent",
        "parent/",
        "docs/parent/key.txt",
        "empty/",
        "twice.txt",
        "loop",
        "loop/",
        "loop/x",
        "dangling",
        "device",
        "environment",
    ] {
        let response = client.get(&format!("/static/{path}")).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(
            response.json()["detail"],
            "There is no such file.",
            "{path}"
        );
    }
}

/// The check and the opening are one step: nothing can be exchanged between them.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_appears_while_a_file_is_opened_is_refused() {
    use std::os::unix::fs::symlink;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    let directory = site();
    let root = directory.path().join("root");
    write(&root.join("docs/key.txt"), "public");
    symlink("../secret", root.join("link")).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let is_done = Arc::clone(&done);
    let swapping = root.clone();
    let swaps = tokio::task::spawn_blocking(move || {
        let rename = |from: &str, to: &str| {
            fs::rename(swapping.join(from), swapping.join(to)).unwrap();
        };
        while !is_done.load(SeqCst) {
            rename("docs", "other");
            rename("link", "docs");
            rename("docs", "link");
            rename("other", "docs");
        }
    });
    let client = client(&directory);
    let mut served = 0;
    for _ in 0..2000 {
        let response = client.get("/static/docs/key.txt").await;
        let status = response.status().as_u16();
        assert!(matches!(status, 200 | 404), "{status}");
        assert_ne!(response.text(), "secret");
        served += usize::from(status == 200);
    }
    done.store(true, SeqCst);
    swaps.await.unwrap();
    assert!(served > 0);
}

/// A FIFO without a writer would hold a thread for ever.
#[cfg(unix)]
#[tokio::test]
async fn only_regular_files_are_served() {
    let directory = site();
    let root = directory.path().join("root");
    let made = std::process::Command::new("mkfifo")
        .arg(root.join("fifo"))
        .status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let client = client(&directory);
    for path in ["/static/fifo", "/static/socket", "/static/fifo/"] {
        assert_eq!(client.get(path).await.status(), 404, "{path}");
    }
    for path in [
        "/dev/zero",
        root.join("fifo").to_str().unwrap(),
        "/",
        "/no/such",
        "a\0b",
    ] {
        let path = path.to_owned();
        let view = move |request: Request| {
            let path = path.clone();
            async move { resourceful::FileResponse::open(&request, Path::new(&path)).await }
        };
        let client = TestClient::new(App::new().get("/", public(view))).unwrap();
        assert_eq!(client.get("/").await.status(), 404);
    }
}

#[tokio::test]
async fn a_directory_that_is_replaced_is_served_anew() {
    let directory = site();
    let client = client(&directory);
    let root = directory.path().join("root");
    fs::rename(&root, directory.path().join("old")).unwrap();
    assert_eq!(client.get("/static/app.js").await.status(), 404);
    fs::create_dir(&root).unwrap();
    write(&root.join("app.js"), "release 2");
    assert_eq!(client.get("/static/app.js").await.text(), "release 2");
}

#[test]
fn a_missing_directory_is_a_start_up_error() {
    let directory = site();
    for missing in ["none", "root/app.js"] {
        let path = directory.path().join(missing);
        let app = App::new().files("/static", public(StaticFiles::new(path)));
        let errors: Vec<_> = app.build().unwrap_err().iter().collect();
        assert_eq!(errors.len(), 1);
        let expected = "the directory of `/static` cannot be opened: ";
        assert!(errors[0].starts_with(expected), "{errors:?}");
        assert!(errors[0].contains("static_files.rs"), "{errors:?}");
    }
}

#[tokio::test]
async fn files_at_the_root_leave_routes_alone() {
    let directory = site();
    let app = App::new().get("/api/hello", public(hello)).files(
        "/",
        public(files(&directory).with_cache_control("max-age=60")),
    );
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/").await.text(), "home");
    assert_eq!(client.get("/docs/page.html").await.text(), "page");
    assert_eq!(client.get("/api/hello").await.text(), "hello");
    assert_eq!(client.get("/empty").await.headers()["location"], "/empty/");
    assert_eq!(
        client.get("/app.js").await.headers()["cache-control"],
        "max-age=60"
    );
    // No redirect to another host.
    for path in [
        "//docs",
        "//example.org/..",
        "/%5cexample.org",
        "//example.org/docs",
    ] {
        let response = client.get(path).await;
        assert!(!response.headers().contains_key("location"), "{path}");
        assert!(response.status().is_client_error(), "{path}");
    }
}

#[tokio::test]
async fn files_are_guarded_like_any_view() {
    struct Nobody;

    impl Access<()> for Nobody {
        type Caller = ();

        async fn check((): &(), _: &Request) -> Result<()> {
            Err(Error::forbidden("Nobody may."))
        }
    }

    let directory = site();
    let app = App::new().files("/static", guarded::<Nobody, _>(files(&directory)));
    let client = TestClient::new(app).unwrap();
    for path in ["/static/", "/static/app.js", "/static/none", "/static/.env"] {
        assert_eq!(client.get(path).await.status(), 403, "{path}");
    }
}

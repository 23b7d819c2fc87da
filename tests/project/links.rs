//! Links in the documentation lead to files that exist.

use std::fs;

use crate::{root, run};

#[test]
fn relative_links_lead_to_files() {
    let files = run(
        "git",
        &[
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.md",
        ],
    );
    // These are texts of rustdoc, which checks its links itself.
    let files = files.lines().filter(|file| !file.ends_with("/lib.md"));
    let mut links = 0;
    for file in files {
        let path = root().join(file);
        let Ok(text) = fs::read_to_string(&path) else {
            continue; // It was moved, and the move is not committed.
        };
        for link in text.split("](").skip(1) {
            let (target, _) = link.split_once(')').unwrap();
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            links += 1;
            assert!(path.with_file_name(target).exists(), "{file}: {target}");
        }
    }
    assert!(links > 30, "{links}");
}

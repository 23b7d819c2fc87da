#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

//! What proxies in front of the application say of a request, and which of them are believed.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

use crate::proto::connection_info::ConnectionInfo;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";

/// The proxies that are believed: see [`App::trusted_proxies`](crate::app::App::trusted_proxies).
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    networks: Vec<IpNet>,
    /// Whoever comes over a Unix socket.
    has_unix: bool,
}

impl Proxies {
    /// Adds one: a network, an address or `unix`. `None` when it is none of them.
    pub(crate) fn add(&mut self, text: &str) -> Option<()> {
        if text == "unix" {
            self.has_unix = true;
            return Some(());
        }
        let network = match text.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().into(),
            Err(_) => text.parse().ok()?,
        };
        // A mapped one would never match: addresses are compared as IPv4.
        let is_mapped =
            matches!(network, IpNet::V6(network) if network.addr().to_ipv4_mapped().is_some());
        if is_mapped {
            return None;
        }
        self.networks.push(network);
        Some(())
    }

    /// Does this request come from one of them?
    fn has_sent(&self, origin: ConnectionInfo) -> bool {
        match origin.peer {
            Some(peer) => self.has(peer.ip()),
            None => self.has_unix,
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        // IPv4 on a socket for both.
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The client before the first proxy that is not believed.
    ///
    /// Each proxy adds who it heard from at the end, so the list is read from there.
    pub(crate) fn client(&self, origin: ConnectionInfo, headers: &HeaderMap) -> Option<IpAddr> {
        if origin.client.is_some() {
            return origin.client;
        }
        let peer = origin.peer.map(|peer| peer.ip().to_canonical());
        if !self.has_sent(origin) {
            return peer;
        }
        let values = headers.get_all(FORWARDED_FOR).iter().rev();
        let said = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        let mut client = peer;
        for text in said {
            // Behind what cannot be read nothing is known.
            let Some(address) = address(text.trim()) else {
                break;
            };
            client = Some(address);
            if !self.has(address) {
                break;
            }
        }
        client
    }

    /// Did the client come over TLS?
    pub(crate) fn is_encrypted(&self, origin: ConnectionInfo, headers: &HeaderMap) -> bool {
        match self.said(origin, headers, FORWARDED_PROTO) {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => origin.is_encrypted,
        }
    }

    /// The host that the client asked, where a proxy says so.
    pub(crate) fn host<'h>(
        &self,
        origin: ConnectionInfo,
        headers: &'h HeaderMap,
    ) -> Option<&'h str> {
        self.said(origin, headers, FORWARDED_HOST)
    }

    /// The last word: that of the proxy that we know.
    fn said<'h>(
        &self,
        origin: ConnectionInfo,
        headers: &'h HeaderMap,
        name: &str,
    ) -> Option<&'h str> {
        if !self.has_sent(origin) {
            return None;
        }
        let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        value.rsplit(',').next().map(str::trim)
    }
}

/// An address, which some proxies write with a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| {
        let with_port = text.parse::<std::net::SocketAddr>();
        with_port.ok().map(|address| address.ip())
    })?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut proxies = Proxies::default();
        for proxy in ["10.0.0.0/8", "::1", "127.0.0.1"] {
            proxies.add(proxy).unwrap();
        }
        let origin = ConnectionInfo {
            peer: Some(format!("{peer}:4711").parse().unwrap()),
            is_encrypted: false,
            client: None,
        };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        proxies.client(origin, &headers).unwrap().to_string()
    }

    #[test]
    fn who_is_no_proxy_is_the_client() {
        assert_eq!(client("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
    }

    #[test]
    fn the_first_who_is_not_believed_is_the_client() {
        assert_eq!(client("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            client("10.1.2.3", &["1.1.1.1, 198.51.100.1, 10.9.9.9"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.1.2.3", &["1.1.1.1", "198.51.100.1 , 10.9.9.9"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("[::ffff:10.1.2.3]", &["[2001:db8::1]:80"]),
            "2001:db8::1"
        );
        assert_eq!(client("127.0.0.1", &["10.0.0.1"]), "10.0.0.1");
    }

    #[test]
    fn what_cannot_be_read_is_not_believed() {
        assert_eq!(client("10.1.2.3", &["198.51.100.1, unknown"]), "10.1.2.3");
        assert_eq!(
            client("10.1.2.3", &["198.51.100.1, _x, 10.0.0.9"]),
            "10.0.0.9"
        );
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn a_proxy_is_a_network_an_address_or_unix() {
        let mut proxies = Proxies::default();
        assert!(proxies.add("unix").is_some() && proxies.add("2001:db8::/32").is_some());
        assert!(proxies.add("example.org").is_none() && proxies.add("10.0.0.0/33").is_none());
    }
}

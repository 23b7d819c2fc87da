//! Trusted proxies, and their `X-Forwarded-*` headers.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

use crate::proto::connection_info::ConnectionInfo;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED_HOST: &str = "x-forwarded-host";

/// The trusted proxies: see [`App::trusted_proxies`](crate::app::App::trusted_proxies).
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    networks: Vec<IpNet>,
    /// Every peer on a Unix socket is trusted.
    has_unix: bool,
}

impl Proxies {
    /// Adds a network, an address or `unix`; `None` if the text is none of these.
    pub(crate) fn add(&mut self, text: &str) -> Option<()> {
        if text == "unix" {
            self.has_unix = true;
            return Some(());
        }
        let network = match text.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().into(),
            Err(_) => text.parse().ok()?,
        };
        // A mapped network would never match, since addresses are compared as IPv4.
        let is_mapped =
            matches!(network, IpNet::V6(network) if network.addr().to_ipv4_mapped().is_some());
        if is_mapped {
            return None;
        }
        self.networks.push(network);
        Some(())
    }

    /// Whether the peer of the connection is trusted.
    fn is_trusted(&self, connection: ConnectionInfo) -> bool {
        match connection.peer {
            Some(peer) => self.contains(peer.ip()),
            None => self.has_unix,
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        // A dual-stack socket maps IPv4 addresses.
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The address of the client: the last one in the list that is not a trusted proxy.
    ///
    /// Each proxy appends the address of its peer, so the list is read from its end.
    pub(crate) fn client(&self, connection: ConnectionInfo, headers: &HeaderMap) -> Option<IpAddr> {
        if connection.client.is_some() {
            return connection.client;
        }
        let peer = connection.peer.map(|peer| peer.ip().to_canonical());
        if !self.is_trusted(connection) {
            return peer;
        }
        let values = headers.get_all(FORWARDED_FOR).iter().rev();
        let addresses = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        let mut client = peer;
        for text in addresses {
            // Addresses before an unreadable one are not reliable.
            let Some(address) = address(text.trim()) else {
                break;
            };
            client = Some(address);
            if !self.contains(address) {
                break;
            }
        }
        client
    }

    /// Whether the client uses TLS.
    pub(crate) fn is_encrypted(&self, connection: ConnectionInfo, headers: &HeaderMap) -> bool {
        match self.last_value(connection, headers, FORWARDED_PROTO) {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => connection.is_encrypted,
        }
    }

    /// The host that the client requested, if a proxy forwards it.
    pub(crate) fn host<'h>(
        &self,
        connection: ConnectionInfo,
        headers: &'h HeaderMap,
    ) -> Option<&'h str> {
        self.last_value(connection, headers, FORWARDED_HOST)
    }

    /// The last value of a header, which the trusted proxy has set.
    fn last_value<'h>(
        &self,
        connection: ConnectionInfo,
        headers: &'h HeaderMap,
        name: &str,
    ) -> Option<&'h str> {
        if !self.is_trusted(connection) {
            return None;
        }
        let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        value.rsplit(',').next().map(str::trim)
    }
}

/// Parses an address; some proxies append a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
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
        let connection = ConnectionInfo {
            peer: Some(format!("{peer}:4711").parse().unwrap()),
            is_encrypted: false,
            client: None,
        };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        proxies.client(connection, &headers).unwrap().to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_client() {
        assert_eq!(client("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
    }

    #[test]
    fn the_last_untrusted_address_is_the_client() {
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
    fn unreadable_addresses_are_not_trusted() {
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

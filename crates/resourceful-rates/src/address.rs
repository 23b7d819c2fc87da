//! The address of a client, as the key of a quota.

use std::net::{IpAddr, Ipv6Addr};

use resourceful::Request;

/// The address; of IPv6 the network of 64 bits, since a client has all addresses of one. Clients without an address, over
/// a Unix socket or in tests, share one key.
pub(crate) fn address<C>(request: &Request<C>) -> String {
    request.client_ip().map_or_else(String::new, key)
}

fn key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mut text = String::with_capacity("255.255.255.255".len());
            for octet in address.octets() {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(itoa::Buffer::new().format(octet));
            }
            text
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let of = |text: &str| key(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}

//! The certificate for clients, and its renewal at run time.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::gateway::blocking;
use crate::metrics::Metrics;

/// How often the files are checked. A change is read when two checks have found the same, because the chain and the key
/// are replaced one after the other.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why TLS for clients cannot be set up. Each error names the file to correct.
#[derive(Debug, thiserror::Error)]
pub enum ServerTlsError {
    #[error("cannot read {}; check the path and its permissions", file.display())]
    Unreadable {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not well-formed PEM; export it again", file.display())]
    NotPem {
        file: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("{} holds no certificate; it needs the server's `BEGIN CERTIFICATE` block, then those of its issuers", file.display())]
    NoCertificate { file: PathBuf },
    #[error("{} holds no private key that can be read; it needs one unencrypted `BEGIN PRIVATE KEY` block (PKCS #8, PKCS #1 or SEC 1)", file.display())]
    NoKey { file: PathBuf },
    #[error("the private key in {} does not belong to the first certificate in {}; name the pair that was issued together, the server's certificate before its issuers'", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("{} and {} cannot be used together", certificate.display(), key.display())]
    Unusable {
        certificate: PathBuf,
        key: PathBuf,
        #[source]
        source: rustls::Error,
    },
}

/// The certificate chain and its key that clients get at present, both from PEM files.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    shown: ArcSwap<CertifiedKey>,
    /// The stamps of the files before they were first read, so that a change during the start is found too.
    opened: Stamps,
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// [`ServerTlsError`], with the file that is wrong.
    pub fn open(chain: PathBuf, key: PathBuf) -> Result<Self, ServerTlsError> {
        let opened = stamps(&chain, &key);
        let shown = ArcSwap::from_pointee(read_pair(&chain, &key)?);
        Ok(Self {
            chain,
            key,
            shown,
            opened,
        })
    }

    /// Reads both files again. Later handshakes use the new pair; if it is wrong, the old pair stays in use.
    fn read_again(&self) -> Result<(), ServerTlsError> {
        self.shown.store(Arc::new(read_pair(&self.chain, &self.key)?));
        Ok(())
    }
}

fn stamps(chain: &Path, key: &Path) -> Stamps {
    [chain, key].map(|file| {
        let found = std::fs::metadata(file).ok()?;
        Some((found.modified().ok()?, found.len()))
    })
}

/// The modification time and the length of each file.
type Stamps = [Option<(SystemTime, u64)>; 2];

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

impl fmt::Debug for Certificate {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("chain", &self.chain)
            .finish_non_exhaustive()
    }
}

/// Offers HTTP/2 and HTTP/1.1. Each handshake uses the certificate that is current at that time.
pub fn server_config(certificate: Arc<Certificate>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring offers what the default versions need")
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// Watches the files and puts changes in use, until the future is dropped.
pub async fn renew(certificate: Arc<Certificate>, metrics: Arc<Metrics>) {
    let mut renewal = Renewal {
        read: certificate.opened,
        before: certificate.opened,
        certificate,
        metrics,
    };
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        renewal = blocking(move || {
            renewal.look();
            renewal
        })
        .await;
    }
}

struct Renewal {
    certificate: Arc<Certificate>,
    metrics: Arc<Metrics>,
    /// The stamps of the files that were read last, and of those that the last check found.
    read: Stamps,
    before: Stamps,
}

impl Renewal {
    fn look(&mut self) {
        let found = stamps(&self.certificate.chain, &self.certificate.key);
        if found != self.read && found == self.before {
            self.read = found;
            self.take_up();
        }
        self.before = found;
    }

    fn take_up(&self) {
        match self.certificate.read_again() {
            Ok(()) => {
                tracing::info!("the renewed TLS certificate is in use");
                self.metrics.reloaded("certificate", "applied");
            }
            Err(error) => {
                tracing::error!(%error, "the changed TLS certificate is refused: the old one stays in use");
                self.metrics.reloaded("certificate", "refused");
            }
        }
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read_pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, ServerTlsError> {
    CertifiedKey::from_der(read_chain(certificate)?, read_key(key)?, &provider())
        .map_err(|source| refused(certificate, key, source))
}

fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, ServerTlsError> {
    let text = read(file)?;
    let chain = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| ServerTlsError::NotPem {
            file: file.to_owned(),
            source,
        })?;
    match chain.is_empty() {
        true => Err(ServerTlsError::NoCertificate { file: file.to_owned() }),
        false => Ok(chain),
    }
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, ServerTlsError> {
    match PrivateKeyDer::from_pem_slice(&read(file)?) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(ServerTlsError::NoKey { file: file.to_owned() }),
        Err(source) => Err(ServerTlsError::NotPem {
            file: file.to_owned(),
            source,
        }),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ServerTlsError> {
    std::fs::read(file).map_err(|source| ServerTlsError::Unreadable {
        file: file.to_owned(),
        source,
    })
}

fn refused(certificate: &Path, key: &Path, source: rustls::Error) -> ServerTlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match source {
        rustls::Error::InconsistentKeys(_) => ServerTlsError::Mismatch { certificate, key },
        source => ServerTlsError::Unusable {
            certificate,
            key,
            source,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

    use super::*;

    /// A temporary folder that is deleted when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("sluice-server-tls-{}-{test}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn issue() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
    }

    #[test]
    fn a_pair_is_read_and_offers_http2() {
        let folder = Folder::new("pair");
        let issued = issue();
        let chain = folder.file("cert.pem", &issued.cert.pem());
        let key = folder.file("key.pem", &issued.signing_key.serialize_pem());
        let config = server_config(Arc::new(Certificate::open(chain, key).unwrap()));
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn half_of_a_renewed_pair_leaves_the_old_one() {
        let folder = Folder::new("half");
        let (old, new) = (issue(), issue());
        let chain = folder.file("cert.pem", &old.cert.pem());
        let key = folder.file("key.pem", &old.signing_key.serialize_pem());
        let certificate = Certificate::open(chain, key).unwrap();
        folder.file("cert.pem", &new.cert.pem());
        certificate.read_again().unwrap_err();
        assert_eq!(certificate.shown.load().cert[0], *old.cert.der());
        folder.file("key.pem", &new.signing_key.serialize_pem());
        certificate.read_again().unwrap();
        assert_eq!(certificate.shown.load().cert[0], *new.cert.der());
    }

    #[test]
    fn another_certificates_key_is_refused_with_both_names() {
        let folder = Folder::new("mismatch");
        let certificate = folder.file("cert.pem", &issue().cert.pem());
        let key = folder.file("key.pem", &issue().signing_key.serialize_pem());
        let refused = read_pair(&certificate, &key).unwrap_err();
        assert!(matches!(refused, ServerTlsError::Mismatch { .. }), "{refused:?}");
        let text = refused.to_string();
        assert!(text.contains("cert.pem") && text.contains("key.pem"), "{text}");
    }

    #[test]
    fn a_file_without_what_it_should_hold_is_named() {
        let folder = Folder::new("swapped");
        let issued = issue();
        let certificate = folder.file("cert.pem", &issued.cert.pem());
        let key = folder.file("key.pem", &issued.signing_key.serialize_pem());

        let refused = read_pair(&key, &key).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::NoCertificate { file } if *file == key),
            "{refused:?}"
        );

        let refused = read_pair(&certificate, &certificate).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::NoKey { file } if *file == certificate),
            "{refused:?}"
        );
    }

    #[test]
    fn a_missing_or_cut_off_file_is_named() {
        let folder = Folder::new("missing");
        let missing = folder.0.join("nowhere.pem");
        let refused = read_pair(&missing, &missing).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::Unreadable { file, .. } if *file == missing),
            "{refused:?}"
        );

        let cut = folder.file("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
        let refused = read_pair(&cut, &cut).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::NotPem { file, .. } if *file == cut),
            "{refused:?}"
        );
    }
}

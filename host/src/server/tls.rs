//! The certificate that clients see.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS toward clients can't be set up. Each names the file to mend.
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

/// Reads the certificate chain and its key, both PEM, and offers HTTP/2 and HTTP/1.1 with them. Called again, it reads
/// the files again: that is how a renewed certificate is taken up.
///
/// # Errors
///
/// [`ServerTlsError`], with the file that is wrong.
pub fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, ServerTlsError> {
    let chain = read_chain(certificate)?;
    let private = read_key(key)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|source| refused(certificate, key, source))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
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

    /// A folder that goes away with the test.
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
        let certificate = folder.file("cert.pem", &issued.cert.pem());
        let key = folder.file("key.pem", &issued.signing_key.serialize_pem());
        let config = server_config(&certificate, &key).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn a_renewed_certificate_is_taken_up() {
        let folder = Folder::new("renewed");
        let read = || {
            let issued = issue();
            let certificate = folder.file("cert.pem", &issued.cert.pem());
            let key = folder.file("key.pem", &issued.signing_key.serialize_pem());
            server_config(&certificate, &key)
        };
        read().unwrap();
        read().unwrap();
    }

    #[test]
    fn another_certificates_key_is_refused_with_both_names() {
        let folder = Folder::new("mismatch");
        let certificate = folder.file("cert.pem", &issue().cert.pem());
        let key = folder.file("key.pem", &issue().signing_key.serialize_pem());
        let refused = server_config(&certificate, &key).unwrap_err();
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

        let refused = server_config(&key, &key).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::NoCertificate { file } if *file == key),
            "{refused:?}"
        );

        let refused = server_config(&certificate, &certificate).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::NoKey { file } if *file == certificate),
            "{refused:?}"
        );
    }

    #[test]
    fn a_missing_or_cut_off_file_is_named() {
        let folder = Folder::new("missing");
        let missing = folder.0.join("nowhere.pem");
        let refused = server_config(&missing, &missing).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::Unreadable { file, .. } if *file == missing),
            "{refused:?}"
        );

        let cut = folder.file("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
        let refused = server_config(&cut, &cut).unwrap_err();
        assert!(
            matches!(&refused, ServerTlsError::NotPem { file, .. } if *file == cut),
            "{refused:?}"
        );
    }
}

/** Further advice in the words of one client, a sentence each. */
export interface CertificateAdvice {
  unknownAuthority?: string
  otherName?: string
}

// Node's names of OpenSSL's verdicts: https://nodejs.org/api/tls.html#x509-certificate-error-codes
const unknownAuthority =
  /^(UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_UNTRUSTED|INVALID_CA|CERT_REJECTED)$/
const otherName = /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/

/**
 * Says what is wrong with the certificate of a server and how to go on; undefined for errors of any
 * other kind. Without it, a private authority looks like a server that is down.
 *
 * @example
 * const reason = certificateFault(error) ?? String(error)
 */
export function certificateFault(
  error: unknown,
  advice: CertificateAdvice = {},
): string | undefined {
  const { code: own, originalCode } = (error ?? {}) as { code?: unknown; originalCode?: unknown }
  // The mailer puts a code of its own in its place.
  const code = String(originalCode ?? own)
  if (unknownAuthority.test(code))
    return [
      `The certificate of the server is of an authority that this process does not know (${code}).`,
      'Name a PEM file with the certificate of the authority in NODE_EXTRA_CA_CERTS, in the environment of the process and not in .env.',
      advice.unknownAuthority,
    ]
      .filter(Boolean)
      .join(' ')
  if (otherName.test(code))
    return [
      `The certificate of the server does not have the host name of the address (${code}).`,
      'Use a name that it has, or give the server another certificate.',
      advice.otherName,
    ]
      .filter(Boolean)
      .join(' ')
  if (code === 'CERT_HAS_EXPIRED')
    return `The certificate of the server has expired (${code}). Renew it on the server.`
  if (code === 'CERT_NOT_YET_VALID')
    return `The certificate of the server is not valid yet (${code}). Compare the clocks of both machines.`
  return undefined
}

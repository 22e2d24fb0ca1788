import { SCOPE_NAMES, type Scope } from '../principal.ts'
import { OFFLINE_ACCESS } from './authorization.ts'

/** The documents by which apps find out how to connect. */

/** What the tools for agents need, and no more: some clients ask for all that the metadata of their resource name. */
export const SCOPES_OF_TOOLS: readonly Scope[] = ['tasks:read', 'tasks:write']

interface Offered {
  readonly dynamicRegistration: boolean
  readonly hasDocs: boolean
}

/** Authorization server metadata (RFC 8414). @param base the URL of this service */
export const serverMetadata = (base: string, { dynamicRegistration, hasDocs }: Offered): object => ({
  issuer: base,
  authorization_endpoint: `${base}/consent`,
  token_endpoint: `${base}/oauth/token`,
  revocation_endpoint: `${base}/oauth/revoke`,
  ...(dynamicRegistration && { registration_endpoint: `${base}/oauth/register` }),
  scopes_supported: [...SCOPE_NAMES, OFFLINE_ACCESS],
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_methods_supported: ['none'],
  revocation_endpoint_auth_methods_supported: ['none'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
  ...(hasDocs && { service_documentation: `${base}/docs` }),
})

interface Resource {
  readonly url: string
  readonly scopes: readonly Scope[]
}

/** Protected resource metadata (RFC 9728), of the service or of `POST /mcp`. */
export const resourceMetadata = (
  { url, scopes }: Resource,
  base: string,
  { hasDocs }: Pick<Offered, 'hasDocs'>,
): object => ({
  resource: url,
  authorization_servers: [base],
  scopes_supported: scopes,
  bearer_methods_supported: ['header'],
  resource_name: 'Tasks',
  ...(hasDocs && { resource_documentation: `${base}/docs` }),
})

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const UUID_IN_ANY_CASE = new RegExp(UUID.source, 'i')

/** Whether a text is a UUID of any version, in upper or lower case. */
export const isUuid = (text: string): boolean => UUID_IN_ANY_CASE.test(text)

/** Whether a text is a UUID as PostgreSQL and `randomUUID` write it: in lower case. */
export const isLowerCaseUuid = (text: string): boolean => UUID.test(text)

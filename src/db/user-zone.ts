/** An SQL expression: the time zone in the settings of the scope's user. A user without settings has the default of the table. */
export const USER_ZONE = `coalesce((select timezone from user_settings where user_id = $user), 'UTC')`

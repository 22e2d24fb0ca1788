import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../generated/prisma/client.ts'

// Statements are prepared only with a name. There are as many texts as combinations of fields.
const names = new Map<string, string>()

const adapter = new PrismaPg(
  // `max: 10` is the default of the driver's pool.
  { connectionString: process.env.DATABASE_URL, max: 10 },
  {
    statementNameGenerator: ({ sql }) => {
      let name = names.get(sql)
      if (name === undefined) names.set(sql, (name = `statement_${names.size}`))
      return name
    },
  },
)

export const prisma = new PrismaClient({ adapter })

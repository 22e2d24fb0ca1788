import { randomUUID } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type QueryDeepPartialEntity, Repository } from 'typeorm';
import type { CreateTaskDto, UpdateTaskDto } from './task.dto.js';
import { Task, TaskStatus } from './task.entity.js';

@Injectable()
export class TasksService {
  constructor(@InjectRepository(Task) private readonly tasks: Repository<Task>) {}

  findAll(userId: string, limit: number, status?: TaskStatus): Promise<Task[]> {
    return this.tasks.find({
      where: { userId, ...(status && { status }) },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: limit,
    });
  }

  async findOne(userId: string, id: string): Promise<Task> {
    const task = await this.tasks.findOneBy({ id, userId });
    if (!task) throw new NotFoundException();
    return task;
  }

  // Not `save`, which would look the id up first and open a transaction around the single statement.
  async create(userId: string, { title, description, status, priority, dueDate, tags }: CreateTaskDto): Promise<Task> {
    const task = this.tasks.create({
      id: randomUUID(),
      userId,
      title,
      description: description ?? null,
      status,
      priority,
      dueDate: dueDate ? new Date(dueDate) : null,
      tags,
      completedAt: status === TaskStatus.COMPLETED ? new Date() : null,
    });
    await this.tasks.insert(task);
    return task;
  }

  update(userId: string, id: string, { title, description, status, priority, dueDate, tags }: UpdateTaskDto): Promise<Task> {
    return this.change(userId, id, {
      title,
      description,
      status,
      priority,
      dueDate,
      tags,
      completedAt: status && (status === TaskStatus.COMPLETED ? new Date() : null),
    });
  }

  toggle(userId: string, id: string): Promise<Task> {
    return this.change(userId, id, {
      status: () => `case when status = 'COMPLETED' then 'TODO'::task_status else 'COMPLETED' end`,
      completedAt: () => `case when status = 'COMPLETED' then null else now() end`,
    });
  }

  // One statement, which also sets the version and the time of the update.
  private async change(userId: string, id: string, values: QueryDeepPartialEntity<Task>): Promise<Task> {
    const { raw } = await this.tasks.update({ id, userId }, values, { returning: '*' });
    const [row] = raw;
    if (!row) throw new NotFoundException();
    return this.tasks.create({
      id: row.id,
      title: row.title,
      description: row.description,
      status: row.status,
      priority: row.priority,
      dueDate: row.due_date,
      tags: row.tags,
      userId: row.user_id,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      completedAt: row.completed_at,
      version: row.version,
    });
  }
}
